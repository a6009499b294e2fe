import { z } from 'zod';
import type { MetricRecord } from '../../metric.js';
import { crc32c } from './crc32c.js';
import { flatNumbers, parseLooseJson } from './flat-json.js';
import { place } from './place.js';

export const WholeState = z.strictObject({ given: z.number() });

/** Reads a file that is written anew as a whole: what is new since `given` records, and how many there are now. */
export type WholeReader = (text: string, given: number) => { records: MetricRecord[]; given: number };

/**
 * `trainer_state.json` of Hugging Face's Trainer (transformers/trainer_callback.py, TrainerState): its `log_history` is the
 * list of all that was logged, each with step and epoch. Every checkpoint has one, and each goes on from the one before.
 */
export const readTrainerState: WholeReader = (text, given) => {
  const history = historyOf(text);
  if (history === null) return { records: [], given };
  const records: MetricRecord[] = [];
  for (const [index, entry] of history.entries()) {
    if (index < given) continue;
    const record = place(flatNumbers(entry, ''), index + 1);
    if (record !== null) records.push(record);
  }
  return { records, given: Math.max(given, history.length) };
};

function historyOf(text: string): unknown[] | null {
  const state = parseLooseJson(text);
  const history =
    typeof state === 'object' && state !== null && 'log_history' in state ? state.log_history : null;
  return Array.isArray(history) ? history : null;
}

/** What tells a history from others: how many entries it has, and a checksum of them. */
export const HistoryPrint = z.strictObject({ entries: z.number(), sum: z.number() });
export type HistoryPrint = z.output<typeof HistoryPrint>;

/** The print of the first entries of a `trainer_state.json`, or of all; null when it has not as many. */
export function printHistory(text: string, entries?: number): HistoryPrint | null {
  const history = historyOf(text);
  if (history === null || history.length < (entries ?? 1)) return null;
  const first = history.slice(0, entries);
  const bytes = new TextEncoder().encode(JSON.stringify(first));
  return { entries: first.length, sum: crc32c(bytes, 0, bytes.length) };
}

/** How many entries a training that was resumed has taken over from one of these. */
export function inheritedEntries(text: string, others: readonly HistoryPrint[]): number {
  const longest = [...others].sort((a, b) => b.entries - a.entries);
  const found = longest.find(({ entries, sum }) => printHistory(text, entries)?.sum === sum);
  return found?.entries ?? 0;
}

/** `wandb-summary.json`: the last value of everything (docs.wandb.ai, wandb.Run.summary). Each version is one record. */
export const readWandbSummary: WholeReader = (text, given) => {
  const entries = flatNumbers(parseLooseJson(text), '');
  const step = entries.find(([name]) => name === '_step')?.[1] ?? null;
  const record = place(
    entries.filter(([name]) => !name.startsWith('_')),
    given + 1,
    step,
  );
  return record === null ? { records: [], given } : { records: [record], given: given + 1 };
};
