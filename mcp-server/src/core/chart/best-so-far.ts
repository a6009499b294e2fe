import type { Direction } from '../metric.js';
import { isBetter } from '../metric.js';
import { formatValue } from '../units.js';
import type { Frame, LegendEntry } from './frame.js';
import { drawFrame, emptyNote, inside } from './frame.js';
import { type ChartedRun, counts, drawSign, SIGN_WORDS, SIGNS, type Sign, signOf } from './run-signs.js';
import { makeScale } from './scale.js';
import { el, short, svgDocument, text, tooltip } from './svg.js';

export interface BestSoFarOptions {
  title: string;
  metric: string;
  direction: Direction;
  target: number | null;
  runs: readonly ChartedRun[];
  width?: number;
  height?: number;
}

interface Placed {
  run: ChartedRun;
  sign: Sign;
}

type Step = { number: number; value: number };

const STEP_SIGN = { class: 'line', d: 'M-11 4H0V-4H11', style: 'stroke:var(--c0)' };
const CONFIRMED_ENTRY: LegendEntry = { label: 'best so far, confirmed', sign: el('path', STEP_SIGN) };
const MEASURED_ENTRY: LegendEntry = {
  label: 'best single value so far, unconfirmed',
  sign: el('path', { ...STEP_SIGN, 'stroke-dasharray': '3 3', 'stroke-width': 1.2 }),
};

/**
 * Every run as a sign at the value it measured; the best so far that is confirmed as a step line, at what fresh seeds say of
 * it; and dashed, where it says more, the best value that any one run measured, which may be luck.
 */
export function bestSoFarChart(options: BestSoFarOptions): string {
  const { title, metric, direction, target, width = 860, height = 340 } = options;
  const runs = [...options.runs].sort((a, b) => a.number - b.number);
  const numbers = runs.map((run) => run.number);
  const values = runs.filter(counts).map((run) => run.value);
  const sure = confirmedSteps(runs, direction);
  const single = stepsOf(runs, direction);
  const shown = saysMore(single, sure) ? single : [];
  const spans = runs.flatMap((run) => run.known?.interval ?? []);
  // What the picture is about stays in it; a far worse run may leave it.
  const baselines = runs.filter((run) => run.role === 'baseline' && counts(run)).map((run) => run.value ?? 0);
  const keep = [
    ...baselines,
    ...[...single.slice(-1), ...sure.slice(-1)].map((step) => step.value),
    ...spans,
    ...(target === null ? [] : [target]),
  ];
  const y = makeScale(values, { count: height / 60, pad: 0.06, robust: true, keep });
  const placed = runs.map((run): Placed => {
    const at = counts(run) ? y.at(run.value) : 0.5;
    return { run, sign: at > 1 ? 'above' : at < 0 ? 'below' : signOf(run) };
  });
  const present = SIGNS.filter((sign) => placed.some((one) => one.sign === sign));
  const frame = drawFrame({
    width,
    height,
    title,
    xLabel: 'run',
    yLabel: `${metric}, ${direction === 'maximize' ? 'higher' : 'lower'} is better`,
    x: makeScale(numbers, { count: width / 70, whole: true, pad: 0.03 }),
    y,
    legend: [
      ...(sure.length > 0 ? [CONFIRMED_ENTRY] : []),
      ...(shown.length > 0 ? [MEASURED_ENTRY] : []),
      ...present.map((sign) => ({ label: SIGN_WORDS[sign], sign: drawSign(sign, 0, 0, 4.5) })),
    ],
    gutter: 20,
  });
  const radius = runs.length > 60 ? 3 : 4.5;
  const body = [
    frame.markup,
    inside(
      frame,
      drawTarget(frame, target) +
        drawSteps(frame, shown, { 'stroke-dasharray': '3 3', 'stroke-width': 1.2 }) +
        drawSteps(frame, sure) +
        runs.map((run) => drawInterval(frame, run)).join(''),
    ),
    ...placed.map((one) => drawRun(frame, one, radius)),
    runs.length === 0 ? emptyNote(frame, 'no runs yet') : '',
  ];
  return svgDocument(width, frame.total, title, body.join(''));
}

function drawRun(frame: Frame, { run, sign }: Placed, radius: number): string {
  const bottom = frame.top + frame.height;
  // Unknown values stand below the plot, values outside of it at its edge.
  const y = counts(run) ? Math.min(Math.max(frame.py(run.value), frame.top), bottom) : bottom + 11;
  const value = run.value === null ? 'value unknown' : formatValue(run.value);
  const words = [
    run.id,
    run.title,
    value,
    SIGN_WORDS[sign],
    ...(signOf(run) === sign ? [] : [SIGN_WORDS[signOf(run)]]),
  ];
  return el('g', {}, tooltip(words.join(' · ')) + drawSign(sign, frame.px(run.number), y, radius));
}

/** The values that were better than all before them. A running run and one without a value do not count. */
function stepsOf(runs: readonly ChartedRun[], direction: Direction): Step[] {
  const found = runs.filter((run) => run.running !== true && counts(run));
  return better(
    found.map(({ number, value }) => ({ number, value: value ?? Number.NaN })),
    direction,
  );
}

/** The baseline, and the confirmed runs that were better than all confirmed ones before them. */
function confirmedSteps(runs: readonly ChartedRun[], direction: Direction): Step[] {
  const found = runs.flatMap((run): Step[] => {
    if (run.role === 'baseline' && counts(run))
      return [{ number: run.number, value: run.known?.value ?? run.value }];
    if (run.verdict !== 'confirmed' || !counts(run)) return [];
    return [{ number: run.number, value: run.known?.value ?? run.value }];
  });
  return better(found, direction);
}

function better(found: readonly Step[], direction: Direction): Step[] {
  const steps: Step[] = [];
  for (const step of found) {
    const best = steps.at(-1);
    if (best === undefined || isBetter(step.value, best.value, direction)) steps.push(step);
  }
  return steps;
}

/** Whether single values tell another story than confirmed ones: another run was best at some time. */
function saysMore(single: readonly Step[], sure: readonly Step[]): boolean {
  return single.some((step) => !sure.some((one) => one.number === step.number));
}

function drawSteps(frame: Frame, steps: readonly Step[], look: Record<string, string | number> = {}): string {
  const places = steps.map((step) => [short(frame.px(step.number)), short(frame.py(step.value))] as const);
  const path = places.map(([x, y], index) => (index === 0 ? `M${x} ${y}` : `H${x}V${y}`)).join('');
  if (path === '') return '';
  return el('path', {
    class: 'line',
    d: `${path}H${short(frame.left + frame.width)}`,
    style: 'stroke:var(--c0)',
    ...look,
  });
}

/** What fresh seeds say of a run: its interval as an upright line with ends. */
function drawInterval(frame: Frame, { number, known }: ChartedRun): string {
  if (known?.interval == null) return '';
  const x = frame.px(number);
  const [low, high] = known.interval.map((value) => frame.py(value));
  const d = `M${short(x)} ${short(low ?? 0)}V${short(high ?? 0)}M${short(x - 4)} ${short(low ?? 0)}h8M${short(x - 4)} ${short(high ?? 0)}h8`;
  return el('path', { class: 'line', d, style: 'stroke:var(--good)', 'stroke-width': 1.4 });
}

function drawTarget(frame: Frame, target: number | null): string {
  if (target === null) return '';
  const y = frame.py(target);
  const line = el('line', { class: 'note', x1: frame.left, x2: frame.left + frame.width, y1: y, y2: y });
  const label = text(frame.left + 4, y < frame.top + 14 ? y + 14 : y - 5, `target ${formatValue(target)}`, {
    class: 'over',
  });
  return line + label;
}
