import type { Sign } from '../../core/chart/run-signs.js';
import { type Direction, isBetter } from '../../core/metric.js';
import type { RunRow } from './row.js';

/** From this run on the best so far was this. */
type Step = readonly [number: number, value: number];

/** The two lines of the picture: what is confirmed, and what was only measured. */
export interface Progress {
  /** The baseline, then each confirmed gain. */
  confirmed: Step[];
  /** The best value of any run that came to its end, on one seed: mostly luck. */
  measured: Step[];
}

const TRUSTED: readonly Sign[] = ['baseline', 'confirmed'];
const VOID: readonly Sign[] = ['failed', 'running'];

/** `rows` in the order of their numbers. */
export function progressOf(rows: readonly RunRow[], direction: Direction): Progress {
  const own = rows.filter((row) => row.own && !VOID.includes(row.sign));
  const trusted = own.filter(({ sign }) => TRUSTED.includes(sign));
  return {
    confirmed: stepsOf(
      trusted.map(({ number, drawn }) => [number, drawn]),
      direction,
    ),
    measured: stepsOf(
      own.map(({ number, value }) => [number, value]),
      direction,
    ),
  };
}

function stepsOf(points: readonly (readonly [number, number | null])[], direction: Direction): Step[] {
  const steps: Step[] = [];
  for (const [number, value] of points) {
    const best = steps.at(-1)?.[1];
    if (value !== null && (best === undefined || isBetter(value, best, direction)))
      steps.push([number, value]);
  }
  return steps;
}
