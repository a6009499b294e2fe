/** Beyond these a double's square over- or underflows; no metric of a training that went well lies there. */
const LARGEST = 1e120;
const SMALLEST = 1e-120;

/** Whether a value can be reckoned with: finite, and not so large that it is the mark of a divergence. */
export function usable(value: number): boolean {
  return Math.abs(value) <= LARGEST;
}

/** Whether a scale is above what a double can square. */
export function isScale(value: number): boolean {
  return value >= SMALLEST && Number.isFinite(value);
}

/** Mean, as the first value plus the mean distance from it: a large common offset costs no digits. 0 for none. */
export function mean(values: readonly number[]): number {
  const first = values[0] ?? 0;
  return first + values.reduce((sum, value) => sum + (value - first) / values.length, 0);
}

/** Σ (x − x̄)²; exactly 0 for equal values. */
export function squares(values: readonly number[]): number {
  const first = values[0] ?? 0;
  const middle = mean(values.map((value) => value - first));
  return values.reduce((sum, value) => sum + (value - first - middle) ** 2, 0);
}

/** Sample standard deviation; 0 for fewer than two values. */
export function deviation(values: readonly number[]): number {
  return values.length < 2 ? 0 : Math.sqrt(squares(values) / (values.length - 1));
}
