import { bestSoFarChart } from '../../core/chart/best-so-far.js';
import { lineChart, type Point, type Series } from '../../core/chart/line-chart.js';
import type { ChartedRun } from '../../core/chart/run-signs.js';
import { fromJsonNumber, isBetter } from '../../core/metric.js';
import type { RunView } from '../../core/run.js';
import { runNumber } from '../../core/run.js';
import { oneLine } from '../../core/text.js';
import type { Overview } from '../../core/view.js';
import { endingWord, metricLabel } from './report-words.js';

/** Run id → metric name → points (step or epoch, value), oldest first. */
export type Curves = Record<string, Record<string, readonly Point[]>>;

/** One picture at two widths, so that its text stays readable on a phone. */
export interface Chart {
  name: string;
  wide: string;
  /** Two of these stand side by side where there is room. */
  half: boolean;
  narrow: string;
}

const WIDE = { width: 920, height: 340 };
const HALF = { width: 460, height: 300 };
const NARROW = { width: 390, height: 320 };
const OTHERS = 6;
const LOSS_CHARTS = 3;
const LOSS_LIKE = /loss|nll|perplexity|\bppl\b|\bbp[bc]\b|error|\b(?:mse|mae|rmse|wer|cer|fid)\b/i;

/** Every run and the best so far. Null when no metric is declared. */
export function progressChart(overview: Overview): Chart | null {
  const { metric, runs } = overview;
  if (metric === null) return null;
  const options = {
    title: `Best ${metricLabel(overview)} so far`,
    metric: metricLabel(overview),
    direction: metric.direction,
    target: metric.target,
    runs: runs.filter((run) => run.replicate_of === null).map((run) => charted(overview, run)),
  };
  return {
    name: 'best-so-far',
    half: false,
    wide: bestSoFarChart({ ...options, ...WIDE }),
    narrow: bestSoFarChart({ ...options, ...NARROW }),
  };
}

/** A run as pictures of the best so far take it. */
export function charted(overview: Pick<Overview, 'baseline' | 'metric'>, run: RunView): ChartedRun {
  const { id, title, role, verdict } = run;
  const value = run.primary === null || run.primary.value === null ? null : fromJsonNumber(run.primary.value);
  const failed = run.state === 'ended' && endingWord(run).tone === 'bad';
  const known = knownOf(overview, run) ?? null;
  return {
    ...{ id, title, number: runNumber(id), value, role, verdict, failed, known },
    running: run.state !== 'ended',
  };
}

/** What fresh seeds say of a confirmed run, and of the baseline, in the metric's own unit. */
function knownOf(
  { baseline, metric }: Pick<Overview, 'baseline' | 'metric'>,
  run: RunView,
): ChartedRun['known'] {
  if (baseline === null || metric === null) return null;
  const base = fromJsonNumber(baseline.value);
  if (!Number.isFinite(base)) return null;
  if (run.id === baseline.run) return { value: base, interval: null };
  if (run.verdict !== 'confirmed' || run.gain === null) return null;
  const at = (gain: number): number => (metric.direction === 'maximize' ? base + gain : base - gain);
  return {
    value: at(run.gain),
    interval: run.interval === null ? null : [at(run.interval[0]), at(run.interval[1])],
  };
}

/** The primary metric's curves and those of up to three loss-like metrics. A metric that no chosen run has is left out. */
export function curveCharts(overview: Overview, curves: Curves): Chart[] {
  const chosen = chooseRuns(overview, curves);
  const names = metricNames(overview, chosen, curves);
  return names.map((name) => {
    const series = chosen.flatMap((run, colour) => {
      const points = curves[run.id]?.[name] ?? [];
      return points.length === 0 ? [] : [{ ...seriesOf(overview, run), points, colour }];
    });
    const primary = name === overview.metric?.name;
    const target = primary ? (overview.metric?.target ?? null) : null;
    const options = {
      title: oneLine(name),
      xLabel: 'epoch or step',
      yLabel: '',
      series,
      logY: !primary && spansDecades(series),
      annotations: target === null ? [] : [{ y: target, text: 'target' }],
    };
    const size = primary ? WIDE : HALF;
    return {
      name,
      half: !primary,
      wide: lineChart({ ...options, ...size }),
      narrow: lineChart({ ...options, ...NARROW }),
    };
  });
}

/** The best, the baseline, what runs now, then the others from the best down: so many as can be told apart. */
function chooseRuns(overview: Overview, curves: Curves): RunView[] {
  const { runs, best, baseline, metric } = overview;
  const known = runs.filter((run) => Object.keys(curves[run.id] ?? {}).length > 0);
  const rank = (run: RunView) =>
    run.id === best?.run ? 0 : run.id === baseline?.run ? 1 : run.state === 'running' ? 2 : 3;
  const value = (run: RunView) =>
    run.primary?.value == null ? Number.NaN : fromJsonNumber(run.primary.value);
  const direction = metric?.direction ?? 'maximize';
  const byValue = (a: RunView, b: RunView) => {
    const [x, y] = [value(a), value(b)];
    if (isBetter(x, y, direction)) return -1;
    if (isBetter(y, x, direction)) return 1;
    return Number(Number.isFinite(y)) - Number(Number.isFinite(x)) || runNumber(b.id) - runNumber(a.id);
  };
  const sorted = known.sort((a, b) => rank(a) - rank(b) || byValue(a, b));
  const leaders = sorted.filter((run) => rank(run) < 2).length;
  return sorted.slice(0, leaders + OTHERS);
}

function seriesOf(overview: Overview, run: RunView): Pick<Series, 'name' | 'dashed'> {
  const { best, baseline } = overview;
  const unconfirmed = best?.verdict === 'confirmed' ? '' : ', unconfirmed';
  const isBaseline = run.id === baseline?.run;
  const part = isBaseline ? ' baseline' : run.id === best?.run ? ` best${unconfirmed}` : '';
  return { name: `${run.id}${part}`, dashed: isBaseline };
}

/** The primary metric, then the loss-like metrics that most of the runs have. */
function metricNames(overview: Overview, runs: readonly RunView[], curves: Curves): string[] {
  const counts = new Map<string, number>();
  for (const run of runs) {
    for (const name of Object.keys(curves[run.id] ?? {})) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const primary = overview.metric?.name;
  const losses = [...counts.keys()].filter((name) => name !== primary && LOSS_LIKE.test(name));
  losses.sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0) || (a < b ? -1 : 1));
  return [
    ...(primary !== undefined && counts.has(primary) ? [primary] : []),
    ...losses.slice(0, LOSS_CHARTS),
  ];
}

/** Positive throughout, and so far apart that a linear axis would flatten the small values. */
function spansDecades(series: readonly Series[]): boolean {
  const values = series.flatMap((one) => one.points.map(([, y]) => y).filter(Number.isFinite));
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return low > 0 && high / low > 50;
}
