/**
 * One campaign through the functions of the keep rule, in the order in which `rule()` uses them: measured noise, screening on
 * one seed, confirmation on fresh ones, champion brought to full strength, re-test, withdrawal. `drive.mjs` checks that order.
 *
 * @param core the functions
 * @param value (arm, k) → noise; arm 0 is the baseline, k = 0 a candidate's screening
 * @param runs candidates and the baseline
 * @param isReal (arm) → whether this candidate is better than the best so far by `effect`; the others are equal to it
 */
export function fastCampaign(
  core,
  { value, runs, isReal = () => false, effect = 0, rule, seeds = 3, alpha = 0.05 },
) {
  const RULE = rule ?? core.RULE;
  const base = { id: 0, truth: 0, values: [], champion: [], confirmed: null, next: 0, beat: null, since: 0 };
  const arms = [base];
  let best = base;
  let charged = 0;
  let extra = 0;
  const log = [];
  const give = (arm, kind) => {
    const got = arm.truth + value(arm.id, arm.next++);
    arm.values.push(got);
    if (kind === 'champion') arm.champion.push(got);
    if (arm.next > 1) extra += 1;
  };
  for (let i = 0; i < seeds; i++) give(base, 'baseline');
  const pooled = (without) =>
    arms.filter((arm) => !without.includes(arm) && arm.values.length >= 2).map((arm) => arm.values);
  let noise = core.poolNoise(pooled([]));
  const test = () => {
    if (best === base) return null;
    const own = best.values.filter((one) => !best.champion.includes(one));
    const others = [own, ...pooled([best, base])].filter(({ length }) => length >= 2);
    const found = core.retest({
      direction: 'maximize',
      champion: best.champion,
      baseline: base.values,
      others,
      seeds,
    });
    if (found.decision !== 'withdrawn') return found.decision;
    log.push({ kind: 'withdraw', arm: best.id, true: best.truth > 0 });
    best.withdrawn = true;
    do best = best.beat;
    while (best.withdrawn);
    return 'withdrawn';
  };
  for (let id = 1; id < runs; id++) {
    const real = isReal(id);
    const arm = { id, truth: best.truth + (real ? effect : 0), values: [], champion: [], next: 0 };
    const screening = arm.truth + value(id, arm.next++);
    const screened = core.screen('maximize', screening, best.values, noise, RULE);
    if (screened.decision === 'promote') {
      arms.push(arm);
      const spent = core.allotAlpha(alpha, charged, RULE.half);
      for (;;) {
        while (test() === 'withdrawn');
        const look = core.confirm(
          {
            direction: 'maximize',
            candidate: arm.values,
            champion: best.values,
            others: pooled([arm, best]),
            alpha: spent.next,
            seeds,
          },
          RULE,
        );
        if (look.decision === 'continue') {
          for (let i = 0; i < look.wants.champion; i++) give(best, 'champion');
          for (let i = 0; i < look.wants.candidate; i++) give(arm, 'confirm');
          continue;
        }
        const gain = arm.truth - best.truth;
        log.push({ kind: look.decision, arm: id, real, gain, look });
        if (look.decision === 'confirmed') {
          arm.beat = best;
          arm.since = id;
          best = arm;
        } else charged += 1;
        break;
      }
      if (arm.values.length < 2) arms.pop();
      noise = core.poolNoise(pooled([]));
    }
    let tested = test();
    while (tested === 'continue' && id - best.since >= 10) {
      give(best, 'champion');
      tested = test();
    }
    if (tested !== null) noise = core.poolNoise(pooled([]));
  }
  return { log, extra, best };
}
