import type { RunView } from '../../core/run.js';
import { isUsualQueueing } from '../../core/slurm/states.js';
import { clip, oneLine } from '../../core/text.js';
import { formatDuration, formatGain, formatValue } from '../../core/units.js';
import type { Overview } from '../../core/view.js';
import { budgetTitle, endingWord, gainOf, verdictWord } from './report-words.js';

/** What one idea gave and what it cost, its runs on further seeds included. */
export interface ReceiptLine {
  run: string;
  title: string;
  /** The verdict’s own word. */
  word: string;
  /** Against the baseline, in the metric's own unit, positive = better; null = none to give. */
  gain: number | null;
  /** 95 %, of that gain; null on one seed. */
  interval: readonly [number, number] | null;
  /** Runs with a value on fresh seeds; 0 = only the first one. */
  seeds: number;
  runs: number;
  seconds: number;
  /** 0 where no GPU was leased. */
  gpuHours: number;
  /** Why it is settled as it is, in the program's words. */
  why: string | null;
}

/** What a person wants to see first in the morning. */
export interface Receipt {
  confirmed: ReceiptLine[];
  /** Better or not, that is not known yet. */
  inconclusive: ReceiptLine[];
  dead: ReceiptLine[];
  /** The one thing that a person is needed for; null = nothing. */
  question: string | null;
}

/** Every idea that came to an end, by what is known of it. Runs under way are told elsewhere. */
export function receiptOf(overview: Overview): Receipt {
  const { runs } = overview;
  const ideas = runs.filter(
    (run) => run.state === 'ended' && run.replicate_of === null && !isComparedWith(run),
  );
  const receipt: Receipt = { confirmed: [], inconclusive: [], dead: [], question: questionOf(overview) };
  for (const run of ideas) receipt[placeOf(run)].push(lineOf(overview, run));
  receipt.confirmed.sort((a, b) => (b.gain ?? 0) - (a.gain ?? 0));
  receipt.inconclusive.sort((a, b) => (b.gain ?? 0) - (a.gain ?? 0));
  return receipt;
}

/** A baseline is no idea, unless it came to nothing. */
const isComparedWith = (run: RunView): boolean => run.role === 'baseline' && run.ending === 'succeeded';

function placeOf(run: RunView): 'confirmed' | 'inconclusive' | 'dead' {
  switch (run.verdict) {
    case 'confirmed':
      return 'confirmed';
    case 'unconfirmed':
    case 'inconclusive':
      return 'inconclusive';
    case null:
      return run.ending === 'succeeded' ? 'inconclusive' : 'dead';
    case 'rejected':
    case 'invalid':
    case 'crash':
      return 'dead';
  }
}

function lineOf(overview: Overview, run: RunView): ReceiptLine {
  const arm = overview.runs.filter((one) => one.id === run.id || one.replicate_of === run.id);
  const seeds = arm.filter((one) => one.replicate_of === run.id && one.ending === 'succeeded');
  // What fresh seeds said; else the one value that was measured.
  const known = (run.verdict === 'confirmed' || run.verdict === 'inconclusive') && run.gain !== null;
  return {
    run: run.id,
    title: run.title,
    word: run.role === 'baseline' ? endingWord(run).text : verdictWord(run, overview.baseline).text,
    gain: known ? run.gain : gainOf(run, overview.baseline),
    interval: known ? run.interval : null,
    seeds: seeds.length,
    runs: arm.length,
    seconds: arm.reduce((sum, one) => sum + (one.duration_s ?? 0), 0),
    gpuHours: arm.reduce((sum, one) => sum + ((one.duration_s ?? 0) * one.gpus.length) / 3600, 0),
    why: run.verdict_reason ?? run.evidence[0] ?? null,
  };
}

/** Of the inconclusive ones more are in the table of runs. */
export const RECEIPT_LINES = 12;

/** `+0.012 (+0.004 to +0.021)`: the gain and its 95 % interval; `–` where there is none to give. */
export function gainWords({ gain, interval }: ReceiptLine): string {
  if (gain === null) return '–';
  const between = interval === null ? '' : ` (${formatGain(interval[0])} to ${formatGain(interval[1])})`;
  return `${formatGain(gain)}${between}`;
}

/** `6 fresh`, or `1` for an idea that was only screened. */
export const seedWords = ({ seeds }: ReceiptLine): string => (seeds === 0 ? '1' : `${seeds} fresh`);

/** All of it in one line: `+0.012 (+0.004 to +0.021), 6 fresh seeds, 7 runs, 3.5 GPU-hours`. */
export function receiptWords(line: ReceiptLine): string {
  const seeds = line.seeds === 0 ? 'one seed' : `${line.seeds} fresh seed${line.seeds === 1 ? '' : 's'}`;
  return [gainWords(line), seeds, costWords(line)].join(', ');
}

/** `7 runs, 3.5 GPU-hours`; the time alone where no GPU was leased. */
export function costWords({ runs, seconds, gpuHours }: ReceiptLine): string {
  const many = `${runs} run${runs === 1 ? '' : 's'}`;
  return gpuHours > 0
    ? `${many}, ${formatValue(Number(gpuHours.toPrecision(2)))} GPU-hours`
    : `${many}, ${formatDuration(seconds)}`;
}

/** Ideas that came to nothing, in one line: most readers need no more of them. */
export function deadWords(dead: readonly ReceiptLine[]): string {
  const counts = new Map<string, number>();
  for (const { word } of dead) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => `${count} ${word}`).join(', ');
}

/** A run that goes on, or waits, on a machine that cannot be asked: only a person can mend that. */
export const unseenWords = ({ id, state, note }: RunView): string[] =>
  state !== 'ended' && note !== null && UNSEEN.test(note) ? [`${id}: ${clip(oneLine(note), 250)}`] : [];

/** As the watch of another machine and the queue of Slurm say it (`adapters/jobs`), and the start of a run there. */
const UNSEEN = / is unreachable since | is not asked: |you have not agreed|^Slurm does not answer since /;

/** What a run waits for in the usual way needs nobody. */
export const isUsualWait = (note: string): boolean =>
  /^waiting for (?:a GPU: |the last word of the code agent)/.test(note) || isUsualQueueing(note);

const BROKEN_AFTER = 3;

/** The most pressing of what only a person can mend or decide; null = nothing needs one. */
export const questionOf = (overview: Overview): string | null =>
  overview.runs.flatMap(unseenWords)[0] ?? choiceOf(overview);

/** What only a person can decide, of what is seen. */
export function choiceOf(overview: Overview): string | null {
  const { runs, metric, best, baseline, status, budgets } = overview;
  const ended = runs.filter((run) => run.state === 'ended');
  if (ended.length === 0) return null;
  if (metric === null)
    return 'Which metric decides, and is more or less of it better? Until it is declared no run is compared.';
  if (status === 'paused' || status.startsWith('paused')) return 'The campaign is paused. Shall it go on?';
  const last = ended.slice(-BROKEN_AFTER);
  // Before there is anything to compare with, fewer say as much, once nothing goes on.
  const enough = last.length === BROKEN_AFTER || (baseline === null && ended.length === runs.length);
  if (enough && last.every((run) => endingWord(run).tone === 'bad')) {
    const words = last.map((run) => run.ending).join(', ');
    const which = last.length === 1 ? 'The only run' : `The last ${last.length} runs`;
    return `${which} ended badly (${words}). What is broken? ${short(last.at(-1)?.evidence[0] ?? '')}`.trim();
  }
  const leader = runs.find((run) => run.id === best?.run);
  const doubt = leader?.flags[0];
  if (leader !== undefined && doubt !== undefined)
    return `Is the result of ${leader.id} real? It is the best so far, and: ${short(doubt)}`;
  const void_ = ended.findLast((run) => run.verdict === 'invalid');
  if (
    void_ !== undefined &&
    !ended.slice(ended.indexOf(void_) + 1).some((run) => run.verdict === 'confirmed')
  )
    return `${void_.id} does not count: ${short(void_.verdict_reason ?? 'see its evidence')}. Was that change meant?`;
  if (best !== null && best.run !== baseline?.run && best.verdict === 'unconfirmed')
    return `${best.run} looks better on one seed. May it be repeated on fresh seeds? Name experiment.seed_env, or write {seed} into the command.`;
  const over = status.startsWith('stopped');
  const full = budgets.find(({ used, limit }) => limit !== null && used >= limit);
  // After the end the clock runs on; what ended it is in its reason.
  if (full !== undefined && (!over || status.includes('budget')))
    return `The budget of ${budgetTitle(full.name)} is used up. Raise it, or finish here?`;
  if (best?.verdict === 'confirmed' && reached(overview))
    return 'The target is reached, confirmed. Finish here, or set a further one?';
  return over ? 'The campaign has ended. What should be tried next?' : null;
}

function reached({ best, metric }: Overview): boolean {
  if (best === null || metric?.target == null || typeof best.value !== 'number') return false;
  return metric.direction === 'maximize' ? best.value >= metric.target : best.value <= metric.target;
}

const short = (text: string): string => clip(oneLine(text), 160);

/** What a person can do next, most useful first; none while nothing has ended. */
export function nextSteps(overview: Overview): string[] {
  const { runs, best, baseline, running } = overview;
  const kept = runs.filter((run) => run.verdict === 'confirmed');
  const open = runs.filter((run) => run.state === 'queued').length;
  return [
    ...(running.length > 0
      ? [
          `${running.length} run${running.length === 1 ? '' : 's'} under way${open > 0 ? `, ${open} queued` : ''}: auto-experiment status --watch`,
        ]
      : []),
    ...(kept.length > 0
      ? [
          `A branch for each confirmed gain, to review and merge: auto-experiment finalize`,
          `All that it takes to run the best again, in one file: auto-experiment bundle ${best?.run ?? kept.at(-1)?.id ?? ''}`.trim(),
        ]
      : []),
    ...(best !== null && baseline !== null && best.run !== baseline.run
      ? [`What changed since the baseline: auto-experiment compare ${baseline.run} ${best.run}`]
      : []),
    ...(runs.length > 0 && running.length === 0
      ? ['Say what to try: auto-experiment directive "…"; go on: auto-experiment run']
      : []),
  ];
}
