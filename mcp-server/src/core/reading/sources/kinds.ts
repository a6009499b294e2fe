import { CsvState, createCsvParser, isMetricHeader } from './csv.js';
import { createEventParser, EventState } from './event-file.js';
import { createJsonLinesParser, isMetricObject, JsonLinesState } from './json-lines.js';
import { createMlflowParser, isMlflowMetric, MlflowState } from './mlflow.js';
import type { SourceParser } from './parser.js';
import { createWandbParser, WandbState } from './wandb-file.js';
import { readTrainerState, readWandbSummary, type WholeReader } from './whole-json.js';

/** In order of worth where several hold the same metric: event files have 32-bit numbers, a summary only the last ones. */
export const SOURCE_KINDS = [
  'wandb',
  'csv',
  'trainer-state',
  'mlflow',
  'json-lines',
  'events',
  'wandb-summary',
] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

const MLFLOW = /(?:^|\/)[0-9a-f]{32}\/metrics\/(.+)$/;
const SURE_TABLE = /(?:^|\/)(?:metrics|results|progress)\.csv$/i;

/** What a file may be by its name (a path with `/`); null for what is never looked into. */
export function kindByName(path: string): SourceKind | null {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (/(?:^|\.)tfevents\.\d/.test(name)) return 'events';
  if (name.endsWith('.wandb')) return 'wandb';
  if (name === 'wandb-summary.json') return 'wandb-summary';
  if (name === 'trainer_state.json') return 'trainer-state';
  if (MLFLOW.test(path)) return 'mlflow';
  if (/\.(?:csv|tsv)$/i.test(name)) return 'csv';
  return /\.(?:jsonl|ndjson|log\.json)$|^(?:log\.txt|metrics\.json|scalars\.json)$/i.test(name)
    ? 'json-lines'
    : null;
}

/** Whether the first bytes of a file bear out its name. Null while there are too few of them. */
export function isOfKind(kind: SourceKind, path: string, head: Uint8Array): boolean | null {
  if (kind === 'wandb') return head.length < 4 ? null : latin1(head.subarray(0, 4)) === ':W&B';
  if (kind === 'events' || kind === 'trainer-state' || kind === 'wandb-summary') return true;
  const text = new TextDecoder().decode(head);
  const end = text.indexOf('\n');
  if (end < 0 && head.length < HEAD) return null;
  const line = (end < 0 ? text : text.slice(0, end)).replace(/^\uFEFF/, '');
  if (kind === 'csv') return isMetricHeader(line, { sure: SURE_TABLE.test(path) });
  return kind === 'mlflow' ? isMlflowMetric(line) : isMetricObject(line);
}

/** Bytes by which a kind is told. */
export const HEAD = 65_536;

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** A parser for a file that grows; it goes on where `state` was taken, if that can be read. */
export function createSourceParser(kind: SourceKind, path: string, state?: unknown): SourceParser | null {
  switch (kind) {
    case 'events':
      return createEventParser(EventState.safeParse(state).data);
    case 'wandb':
      return createWandbParser(WandbState.safeParse(state).data);
    case 'csv':
      return createCsvParser(CsvState.safeParse(state).data);
    case 'json-lines':
      return createJsonLinesParser(JsonLinesState.safeParse(state).data);
    case 'mlflow':
      return createMlflowParser(MLFLOW.exec(path)?.[1] ?? path, MlflowState.safeParse(state).data);
    default:
      return null;
  }
}

/** For the kinds that are written anew as a whole. */
export function wholeReaderOf(kind: SourceKind): WholeReader | null {
  if (kind === 'trainer-state') return readTrainerState;
  return kind === 'wandb-summary' ? readWandbSummary : null;
}

const folderOf = (path: string): string => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.');

/** What a file belongs to: files of one group are one source, and share their metrics. */
export function groupOf(kind: SourceKind, path: string): string {
  if (kind === 'events') return folderOf(path);
  if (kind === 'trainer-state') return folderOf(path).replace(/(?:^|\/)checkpoint-\d+$/, '') || '.';
  if (kind === 'mlflow') return path.slice(0, path.length - (MLFLOW.exec(path)?.[1]?.length ?? 0) - 1);
  return path;
}
