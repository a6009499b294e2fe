const mean = (values) => values.reduce((sum, one) => sum + one, 0) / values.length;
const variance = (values) => {
  const middle = mean(values);
  return values.reduce((sum, one) => sum + (one - middle) ** 2, 0) / (values.length - 1);
};
const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

/** Every better value on one seed is kept. */
export function strictCampaign({ value, runs, isReal = () => false, effect = 0 }) {
  let best = value(0, 0);
  let truth = 0;
  const keeps = [];
  for (let id = 1; id < runs; id++) {
    const real = isReal(id);
    const seen = truth + (real ? effect : 0) + value(id, 0);
    if (seen <= best) continue;
    best = seen;
    if (real) truth += effect;
    keeps.push({ real });
  }
  return { keeps, extra: 0 };
}

/**
 * What a score says at the end that divides the best gain over the one baseline run by the median absolute deviation of all
 * values, and calls 2.0 and more "likely real".
 */
export function madScore({ value, runs }) {
  const all = Array.from({ length: runs }, (_, id) => value(id, 0));
  const middle = median(all);
  const spread = median(all.map((one) => Math.abs(one - middle)));
  return (Math.max(...all) - all[0]) / spread;
}

/** Three seeds for every candidate; kept is what has the better mean, or what Welch's t test tells at level / candidates. */
export function threeSeedsCampaign(core, { value, runs, isReal = () => false, effect = 0, level = null }) {
  const three = (id, truth) => [0, 1, 2].map((k) => truth + value(id, k));
  let best = three(0, 0);
  let truth = 0;
  const keeps = [];
  for (let id = 1; id < runs; id++) {
    const real = isReal(id);
    const own = three(id, truth + (real ? effect : 0));
    if (level === null ? mean(own) <= mean(best) : welch(core, own, best) > level / (runs - 1)) continue;
    best = own;
    if (real) truth += effect;
    keeps.push({ real });
  }
  return { keeps, extra: 2 * runs };
}

/** One-sided p. B. L. Welch, Biometrika 34 (1947) 28–35. */
function welch(core, a, b) {
  const [x, y] = [variance(a) / a.length, variance(b) / b.length];
  const dof = (x + y) ** 2 / (x ** 2 / (a.length - 1) + y ** 2 / (b.length - 1));
  return core.tTail((mean(a) - mean(b)) / Math.sqrt(x + y), dof);
}
