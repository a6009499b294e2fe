import { armOf } from '../../core/arms.js';
import type { Campaign } from '../../core/campaign.js';
import { type Sign, signOf } from '../../core/chart/run-signs.js';
import type { Gpu } from '../../core/gpu.js';
import { gpuKey } from '../../core/gpus/choose.js';
import { fromJsonNumber } from '../../core/metric.js';
import { type RunView, runNumber } from '../../core/run.js';
import { formatDuration, formatValue } from '../../core/units.js';
import type { Overview } from '../../core/view.js';
import { charted } from '../views/report-charts.js';
import {
  endingWord,
  gainOf,
  gainText,
  progressText,
  valueText,
  verdictWord,
  type Word,
} from '../views/report-words.js';

/** One run in the table and in the picture of the best so far: numbers to sort and draw by, and words to show. */
export interface RunRow {
  id: string;
  number: number;
  title: string;
  state: RunView['state'];
  ending: Word;
  verdict: Word;
  sign: Sign;
  /** It is drawn in the picture: it repeats no other run. */
  own: boolean;
  /** Of its own seed. Null = unknown, never 0. */
  value: number | null;
  /** Where it is drawn: by what fresh seeds say of it where it is confirmed, else at its value. */
  drawn: number | null;
  /** `mean of 5 seeds 0.9286`; null on one seed. */
  meanText: string | null;
  valueText: string;
  gain: number | null;
  gainText: string;
  /** Between which values the metric lies by the interval of a confirmed gain. */
  between: readonly [number, number] | null;
  /** Fresh seeds that its verdict rests on. */
  seeds: number;
  seedText: string;
  duration: number | null;
  durationText: string;
  gpuText: string;
  /** GPU-hours. */
  cost: number;
  costText: string;
  progress: string | null;
}

export type RowContext = Pick<Overview, 'baseline' | 'gpus' | 'metric'> & { campaign: Campaign };

export function rowOf(run: RunView, context: RowContext): RunRow {
  const { baseline, campaign } = context;
  const chart = charted(context, run);
  const seconds = run.duration_s ?? 0;
  const cost = campaign.runs.get(run.id)?.end?.gpu_hours ?? (run.gpus.length * seconds) / 3600;
  const seeds = seedsOf(run, campaign);
  const mean = seeds > 1 ? meanOf(run, context) : null;
  const value = chart.value !== null && Number.isFinite(chart.value) ? chart.value : null;
  return {
    id: run.id,
    number: runNumber(run.id),
    title: run.title,
    state: run.state,
    ending: endingWord(run),
    verdict: verdictWord(run, baseline),
    sign: signOf(chart),
    own: run.replicate_of === null,
    value,
    drawn: chart.known?.value ?? value,
    meanText: mean === null ? null : `mean of ${seeds} seeds ${formatValue(mean)}`,
    // Of a run that goes on it is not there yet; of one that has ended it is unknown, as the report says.
    valueText:
      run.state !== 'ended' && (run.primary === null || run.primary.value === null) ? '–' : valueText(run),
    gain: gainOf(run, baseline),
    gainText: gainText(run, baseline),
    between: chart.known?.interval ?? null,
    seeds,
    seedText: run.replicate_of === null ? String(seeds) : `seed ${run.seed ?? '?'}`,
    duration: run.duration_s,
    durationText: formatDuration(run.duration_s),
    gpuText: gpuText(run.gpus, context.gpus),
    cost,
    costText: cost === 0 ? '–' : formatValue(Number(cost.toPrecision(3))),
    progress: run.state === 'ended' ? null : progressText(run),
  };
}

/** The mean over fresh seeds: the baseline’s own, or what the verdict rests on. */
function meanOf(run: RunView, { baseline, campaign }: RowContext): number | null {
  const mean = run.id === campaign.baseline ? baseline?.value : campaign.runs.get(run.id)?.verdict?.value;
  const value = mean == null ? Number.NaN : fromJsonNumber(mean);
  return Number.isFinite(value) ? value : null;
}

function seedsOf(run: RunView, campaign: Campaign): number {
  if (run.id === campaign.baseline) return Math.max(1, armOf(campaign, run.id).values.length);
  return campaign.runs.get(run.id)?.verdict?.seeds ?? 1;
}

function gpuText(held: readonly string[], gpus: readonly Gpu[]): string {
  if (held.length === 0) return '–';
  const names = held.map((key) => gpus.find((gpu) => gpuKey(gpu) === key)?.index ?? null);
  return names.every((name) => name !== null)
    ? names.join(', ')
    : held.length === 1
      ? (held[0] ?? '').replace(/^GPU-/, '').slice(0, 8)
      : `${held.length} GPUs`;
}
