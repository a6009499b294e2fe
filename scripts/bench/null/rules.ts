// The keep rules that the bench compares: ours, by the code that ships, and others.
import { allotAlpha } from '../../../mcp-server/src/core/verdict/alpha.js';
import { confirm } from '../../../mcp-server/src/core/verdict/confirm.js';
import type { ConfirmDecision } from '../../../mcp-server/src/core/verdict/look.js';
import { deviation, mean } from '../../../mcp-server/src/core/verdict/moments.js';
import { poolNoise } from '../../../mcp-server/src/core/verdict/noise.js';
import { RULE, type Rule } from '../../../mcp-server/src/core/verdict/rule.js';
import { screen } from '../../../mcp-server/src/core/verdict/screen.js';
import { tTail } from '../../../mcp-server/src/core/verdict/student.js';
import type { Game, Play } from './campaign.js';

export const ALPHA = 0.05;
const SEEDS = 3;

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

/**
 * Our rule. `onKeep` is told of each keep: what was decided, and the true gain. `allot` is the α of a confirmation, by the number of
 * those charged before it.
 */
export function ours(
  rule: Rule = RULE,
  onKeep: (decided: ConfirmDecision, truly: number) => void = () => {},
  allot: (charged: number) => number = (charged) => allotAlpha(ALPHA, charged, rule.half).next,
): Play {
  return ({ runs, tally, champion: run, candidate, keep }: Game) => {
    let champion = times(SEEDS, run);
    const others: number[][] = [];
    let charged = 0;
    let scale = poolNoise([champion]);
    for (let k = 0; k < runs; k++) {
      const one = candidate();
      if (screen('maximize', one.run(), champion, scale, rule).decision === 'reject') continue;
      const alpha = allot(charged);
      const fresh: number[] = [];
      let decided: ConfirmDecision;
      do {
        decided = confirm(
          { direction: 'maximize', candidate: fresh, champion, others, alpha, seeds: SEEDS },
          rule,
        );
        fresh.push(...times(decided.wants.candidate, one.run));
        champion.push(...times(decided.wants.champion, run));
      } while (decided.decision === 'continue');
      if (decided.decision === 'confirmed') {
        onKeep(decided, one.level - tally.level);
        keep(one);
        others.push(champion);
        champion = fresh;
      } else {
        charged++;
        if (fresh.length > 1) others.push(fresh);
      }
      scale = poolNoise([champion, ...others]);
    }
  };
}

/** Any better value of one run is kept. */
export const strict: Play = ({ runs, champion, candidate, keep }) => {
  let best = champion();
  for (let k = 0; k < runs; k++) {
    const one = candidate();
    const value = one.run();
    if (value <= best) continue;
    best = value;
    keep(one);
  }
};

/**
 * A widespread score of confidence: the best gain over the first run, divided by the median absolute deviation of all runs from
 * their median; from 2 on the best is taken for real. Judged once, at the end of the campaign.
 */
export const score: Play = ({ runs, champion, candidate, keep }) => {
  const first = champion();
  const ran = times(runs, () => {
    const one = candidate();
    return { one, value: one.run() };
  });
  const values = [first, ...ran.map(({ value }) => value)];
  const middle = median(values);
  const best = ran.reduce((a, b) => (b.value > a.value ? b : a));
  if ((best.value - first) / median(values.map((value) => Math.abs(value - middle))) >= 2) keep(best.one);
};

/**
 * Welch's t of 3 against 3 seeds at α / number of candidates, which it is told beforehand (Bonferroni). Either every candidate
 * gets its three seeds, or only one whose first run is a standard deviation better, which then is not used again.
 */
const welch =
  (screened: boolean): Play =>
  ({ runs, champion: run, candidate, keep }) => {
    let champion = times(SEEDS, run);
    for (let k = 0; k < runs; k++) {
      const one = candidate();
      if (screened && one.run() < mean(champion) + deviation(champion)) continue;
      const values = times(SEEDS, one.run);
      const [a, b] = [deviation(values) ** 2 / SEEDS, deviation(champion) ** 2 / SEEDS];
      if (a + b === 0) continue;
      const dof = (a + b) ** 2 / ((a ** 2 + b ** 2) / (SEEDS - 1));
      if (tTail((mean(values) - mean(champion)) / Math.sqrt(a + b), dof) > ALPHA / runs) continue;
      keep(one);
      champion = values;
    }
  };
export const screenedWelch = welch(true);
export const alwaysThree = welch(false);

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
}
