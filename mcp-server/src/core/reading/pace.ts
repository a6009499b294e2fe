const THING =
  '(?:tok(?:en)?s?|samples?|im(?:g|age)s?|it|iters?|iterations?|steps?|frames?|examples?|seq(?:uence)?s?|sents?|words?|episodes?|batch(?:es)?|[tg]?flops?)';
const PACE = new RegExp(
  `^fps_|(?:^|_)(?:${THING}_(?:per_)?s(?:ec(?:ond)?s?)?(?:_.*)?|.+_per_sec(?:ond)?(?:_.*)?|fps|ips|sps|wps|ups|throughput|speed|[tg]flops)$|${THING}persec(?:ond)?$`,
);

/** Whether a name, normalized, tells how fast training goes: how much of something in a second. */
export const isPace = (normalized: string): boolean => PACE.test(normalized);
