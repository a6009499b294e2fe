import { isScale, mean, squares, usable } from './moments.js';
import { tTail } from './student.js';

/** A replicate that stood so far from its arm that it counts as if it lay nearer. */
interface Tamed {
  /** Index of the arm, and of the value in it, as they were given. */
  arm: number;
  index: number;
  value: number;
  /** What it counts as in the noise scale. */
  as: number;
}

export type Noise =
  | {
      kind: 'measured';
      /** Standard deviation of one run between seeds, in the metric's unit. */
      sigma: number;
      /** Degrees of freedom of `sigma`. */
      dof: number;
      /** Replicates that it rests on. */
      replicates: number;
      tamed: Tamed[];
    }
  | {
      kind: 'none';
      /** 'few': no arm has two finite values. 'identical': all replicates are equal to the last bit, so the seed does not reach the training. */
      why: 'few' | 'identical';
      replicates: number;
    };

/** At most one replicate in this many is tamed: more of them are no accident but the noise itself. */
const ONE_IN = 8;
/** Degrees of freedom that must remain to call a value an outlier. */
const LEAST_DOF = 3;
/** Chance that Gaussian noise alone has a replicate tamed, over all replicates. */
const RARE = 0.001;
/** A tamed value counts as this many σ of the rest from the mean of the rest of its arm. */
const TAMED_TO = 3;

/**
 * The noise scale pooled over arms: σ² = Σ Σ (x − x̄_arm)² / Σ (n_arm − 1), over arms with at least two finite values.
 *
 * Robust to an outlier, and only to one: a replicate is tamed when it lies so far from the rest of its arm that Gaussian noise
 * of the others' scale would give such a one with probability below 0.001 over all replicates (Student's t of the deleted
 * residual, Bonferroni), at most one in eight replicates (but one is allowed). A tamed value still counts, as three σ: with
 * heavy tails σ must not shrink to that of the quiet runs.
 * Source of the test: R. D. Cook & S. Weisberg, "Residuals and Influence in Regression" (1982), 2.2.2 (outlier test).
 */
export function poolNoise(arms: readonly (readonly number[])[]): Noise {
  const work = arms.map((arm, index) => ({
    index,
    values: arm.flatMap((value, at) => (usable(value) ? [{ value, at }] : [])),
  }));
  const used = work.filter(({ values }) => values.length >= 2);
  const replicates = used.reduce((sum, { values }) => sum + values.length, 0);
  if (used.length === 0) return { kind: 'none', why: 'few', replicates };
  const tamed: Tamed[] = [];
  const most = Math.max(1, Math.floor(replicates / ONE_IN));
  let pooled = scale(used.map(({ values }) => values.map(({ value }) => value)));
  if (pooled.sum === 0) return { kind: 'none', why: 'identical', replicates };
  while (tamed.length < most) {
    const found = farthest(used, pooled, replicates);
    if (found === null) break;
    tamed.push({ arm: found.arm, index: found.place.at, value: found.place.value, as: found.as });
    found.place.value = found.as;
    pooled = scale(used.map(({ values }) => values.map(({ value }) => value)));
  }
  const sigma = Math.sqrt(pooled.sum / pooled.dof);
  // Differences so small that their squares vanish are below what a double can hold apart.
  if (!isScale(sigma)) return { kind: 'none', why: 'identical', replicates };
  return { kind: 'measured', sigma, dof: pooled.dof, replicates, tamed };
}

function scale(arms: readonly (readonly number[])[]): { sum: number; dof: number } {
  let sum = 0;
  let dof = 0;
  for (const values of arms) {
    sum += squares(values);
    dof += values.length - 1;
  }
  return { sum, dof };
}

interface Place {
  value: number;
  at: number;
}

/** The replicate that stands farthest out, when that is farther than chance would have it. */
function farthest(
  arms: readonly { index: number; values: readonly Place[] }[],
  pooled: { dof: number },
  replicates: number,
): { arm: number; place: Place; as: number } | null {
  const dof = pooled.dof - 1;
  if (dof < LEAST_DOF) return null;
  const parts = arms.map(({ values }) => squares(values.map(({ value }) => value)));
  let best: { arm: number; place: Place; as: number; t: number } | null = null;
  for (const [number, { index, values }] of arms.entries()) {
    const n = values.length;
    if (n < 3) continue;
    const elsewhere = parts.reduce((sum, part, other) => (other === number ? sum : sum + part), 0);
    for (const place of values) {
      const others = values.filter((other) => other !== place).map(({ value }) => value);
      const rest = mean(others);
      const distance = place.value - rest;
      const sigma = Math.sqrt((elsewhere + squares(others)) / dof);
      // When all the others agree to the last bit there is no scale to call this one far by.
      if (!isScale(sigma)) continue;
      const t = Math.abs(distance) / (sigma * Math.sqrt(1 + 1 / (n - 1)));
      if (best === null || t > best.t) {
        best = { arm: index, place, as: rest + Math.sign(distance) * TAMED_TO * sigma, t };
      }
    }
  }
  return best !== null && 2 * tTail(best.t, dof) * replicates < RARE ? best : null;
}
