import { incompleteBeta } from './beta.js';

/** More degrees of freedom than this change no shown digit. */
const MOST = 1e5;

/**
 * P(T > t) of Student's t distribution with `dof` > 0 degrees of freedom; small tails keep their digits.
 * Formula: P(T > t) = ½ I_{dof/(dof+t²)}(dof/2, ½) for t ≥ 0. Source: Abramowitz & Stegun, 26.5.27 and 26.7.1.
 */
export function tTail(t: number, dof: number): number {
  const nu = Math.min(dof, MOST);
  if (Number.isNaN(t)) return 1;
  if (t === Number.POSITIVE_INFINITY) return 0;
  if (t === Number.NEGATIVE_INFINITY) return 1;
  const half = 0.5 * incompleteBeta(nu / (nu + t * t), nu / 2, 0.5);
  return t >= 0 ? half : 1 - half;
}

/** The t with P(T > t) = `tail`, for 0 < tail < 1: the upper quantile. By bisection on `tTail`. */
export function tUpper(tail: number, dof: number): number {
  if (tail > 0.5) return -tUpper(1 - tail, dof);
  let high = 1;
  while (tTail(high, dof) > tail && high < 1e150) high *= 2;
  let low = high === 1 ? 0 : high / 2;
  for (let i = 0; i < 200 && high - low > 1e-13 * high; i++) {
    const middle = (low + high) / 2;
    if (tTail(middle, dof) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
