// One simulated campaign under several keep rules. Larger is better; the unit is the noise scale.

/** What a campaign is: `share` of the candidates are truly better than the champion of their time by `effect`. */
function begin({ runs, share = 0, effect = 0, spread = 1, lucky = null }, noise, draw, replicates) {
  const champion = Array.from({ length: replicates }, (_, index) =>
    index === 0 && lucky !== null ? lucky : noise(draw),
  );
  const tally = { wrong: 0, found: 0, real: 0, runs: replicates, truth: 0 };
  const candidate = () => {
    const real = draw() < share;
    if (real) tally.real++;
    const level = tally.truth + (real ? effect : 0);
    const run = () => {
      tally.runs++;
      return level + spread * noise(draw);
    };
    return { real, level, run };
  };
  const keep = ({ real, level }) => {
    if (real) tally.found++;
    else tally.wrong++;
    tally.truth = level;
  };
  return { runs, champion, tally, candidate, keep };
}

/** Our rule, by the code that ships. */
export function ours(
  core,
  what,
  noise,
  draw,
  { alpha = 0.05, seeds = 3, rule = core.RULE, replicates = seeds } = {},
) {
  const { runs, champion: first, tally, candidate, keep } = begin(what, noise, draw, replicates);
  let champion = first;
  const others = [];
  let charged = 0;
  let scale = core.poolNoise([champion]);
  for (let k = 0; k < runs; k++) {
    const one = candidate();
    if (core.screen('maximize', one.run(), champion, scale, rule).decision === 'reject') continue;
    const share = core.allotAlpha(alpha, charged, rule.half).next;
    const fresh = [];
    let decided;
    do {
      decided = core.confirm(
        { direction: 'maximize', candidate: fresh, champion, others, alpha: share, seeds },
        rule,
      );
      for (let i = 0; i < decided.wants.candidate; i++) fresh.push(one.run());
      for (let i = 0; i < decided.wants.champion; i++) {
        champion.push(tally.truth + noise(draw));
        tally.runs++;
      }
    } while (decided.decision === 'continue');
    if (decided.decision === 'confirmed') {
      keep(one);
      others.push(champion);
      champion = fresh;
    } else {
      charged++;
      if (fresh.length > 1) others.push(fresh);
    }
    scale = core.poolNoise([champion, ...others]);
  }
  return tally;
}

/** Any better value of one run is kept. */
export function strict(_core, what, noise, draw) {
  const { runs, champion, tally, candidate, keep } = begin(what, noise, draw, 1);
  let [best] = champion;
  for (let k = 0; k < runs; k++) {
    const one = candidate();
    const value = one.run();
    if (value <= best) continue;
    best = value;
    keep(one);
  }
  return tally;
}

/**
 * A "confidence" score: the best gain over the first run, divided by the median absolute deviation of all runs from their median;
 * from 2 on the best is taken for real. Judged once, at the end of the campaign.
 */
export function confidence(_core, what, noise, draw) {
  const { runs, champion, tally, candidate, keep } = begin(what, noise, draw, 1);
  const ran = Array.from({ length: runs }, () => {
    const one = candidate();
    return { one, value: one.run() };
  });
  const values = [champion[0], ...ran.map(({ value }) => value)];
  const middle = median(values);
  const best = ran.reduce((a, b) => (b.value > a.value ? b : a));
  if ((best.value - champion[0]) / median(values.map((value) => Math.abs(value - middle))) >= 2)
    keep(best.one);
  return tally;
}

/** Every candidate gets `seeds` seeds (`screened`: only those whose first run is one σ better get fresh ones); Welch at α / runs. */
const welch =
  (screened) =>
  (core, what, noise, draw, { alpha = 0.05, seeds = 3 } = {}) => {
    const { runs, champion: first, tally, candidate, keep } = begin(what, noise, draw, seeds);
    let champion = first;
    for (let k = 0; k < runs; k++) {
      const one = candidate();
      if (screened && one.run() < core.mean(champion) + core.deviation(champion)) continue;
      const values = Array.from({ length: seeds }, () => one.run());
      const [a, b] = [core.deviation(values) ** 2 / seeds, core.deviation(champion) ** 2 / seeds];
      if (a + b === 0) continue;
      const dof = (a + b) ** 2 / ((a ** 2 + b ** 2) / (seeds - 1));
      if (core.tTail((core.mean(values) - core.mean(champion)) / Math.sqrt(a + b), dof) > alpha / runs)
        continue;
      keep(one);
      champion = values;
    }
    return tally;
  };
export const screenedWelch = welch(true);
export const alwaysSeeds = welch(false);

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** Many campaigns: the share with any false keep, the share of real gains found, runs paid for each candidate beyond its first. */
export function many(core, play, what, noise, draw, times, options) {
  const sum = { any: 0, found: 0, real: 0, runs: 0 };
  for (let i = 0; i < times; i++) {
    const { wrong, found, real, runs } = play(core, what, noise, draw, options);
    if (wrong > 0) sum.any++;
    sum.found += found;
    sum.real += real;
    sum.runs += runs;
  }
  const any = sum.any / times;
  return {
    any,
    error: Math.sqrt((any * (1 - any)) / times),
    power: sum.real === 0 ? null : sum.found / sum.real,
    extra: sum.runs / times / what.runs - 1,
    perFound: sum.found === 0 ? null : sum.runs / sum.found,
  };
}
