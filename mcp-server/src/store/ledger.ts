import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import type { Campaign, WholeCampaign } from '../core/campaign.js';
import { apply, replay } from '../core/campaign.js';
import { errorCode } from '../core/errors.js';
import { forget, isLong } from '../core/forget.js';
import { LedgerRecord } from '../core/ledger.js';
import { appendLine } from './files.js';
import { storageError } from './project.js';

export interface LedgerFile {
  records: LedgerRecord[];
  /** What was skipped, in words: torn or foreign lines. They stay in the file. */
  warnings: string[];
}

/** Reads the ledger. Lines that cannot be read are skipped and said, never repaired or removed. */
export function readLedger(path: string): LedgerFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { records: [], warnings: [] };
    throw storageError(error, path);
  }
  return parseLedger(text, path);
}

/** Parses the text of a ledger; `path` is only named in warnings. */
export function parseLedger(text: string, path: string): LedgerFile {
  const records: LedgerRecord[] = [];
  const bad: number[] = [];
  const lines = text.split('\n');
  lines.forEach((line, index) => {
    if (line.trim() === '') return;
    const record = parseLedgerLine(line);
    if (record === null) bad.push(index + 1);
    else records.push(record);
  });
  const torn = bad.at(-1) === lines.length && !text.endsWith('\n') ? bad.pop() : undefined;
  return { records, warnings: badLineWords(path, bad, torn) };
}

/** What is said of lines that cannot be read. `torn` is the number of a last line that was not written to its end. */
export function badLineWords(path: string, bad: readonly number[], torn: number | undefined): string[] {
  const warnings: string[] = [];
  if (torn !== undefined)
    warnings.push(`${path}: its last line (${torn}) is torn and was skipped; all lines before it count`);
  if (bad.length > 0) {
    const shown = bad.slice(0, 5).join(', ');
    warnings.push(
      `${path}: ${bad.length} line(s) cannot be read and were skipped: ${shown}${bad.length > 5 ? ', …' : ''}`,
    );
  }
  return warnings;
}

/** Null for a line that is no record. */
export function parseLedgerLine(line: string): LedgerRecord | null {
  let data: unknown;
  try {
    data = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const parsed = LedgerRecord.safeParse(data);
  return parsed.success ? parsed.data : null;
}

/** Appends one record, durably. Throws LabError when the disk refuses; the records before stay whole. */
export function appendLedger(path: string, record: LedgerRecord): void {
  try {
    appendLine(path, JSON.stringify(LedgerRecord.parse(record)));
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw storageError(error, path);
  }
}

/** The ledger, replayed. */
export function readCampaign(path: string): { campaign: WholeCampaign; warnings: string[] } {
  const campaign = replay([]);
  const bad: number[] = [];
  let count = 0;
  let torn: number | undefined;
  const fd = openThere(path);
  if (fd === null) return { campaign, warnings: [] };
  try {
    readLines(fd, path, 0, (line, whole) => {
      count += 1;
      if (line.trim() === '') return;
      const record = parseLedgerLine(line);
      if (record !== null) apply(campaign, record);
      else if (whole) bad.push(count);
      else torn = count;
    });
  } finally {
    closeSync(fd);
  }
  return { campaign, warnings: badLineWords(path, bad, torn) };
}

/**
 * The ledger of a process that lives long: each call takes in what was appended since the last one, so that a long campaign
 * is not replayed anew for each line, and lets go of what the loop never looks at again. The same object is returned and
 * changes. A file that was replaced or has become shorter is read from its beginning. A last line without its end is left
 * until it has one.
 */
export function followLedger(path: string): () => Campaign {
  let campaign: Campaign = replay([]);
  let at = 0;
  let inode = 0;
  let since = 0;
  return () => {
    const fd = openThere(path);
    try {
      const { size, ino } = fd === null ? { size: 0, ino: 0 } : fstatSync(fd);
      if (ino !== inode || size < at) {
        campaign = replay([]);
        at = 0;
        inode = ino;
      }
      if (fd === null || size === at) return campaign;
      at = readLines(fd, path, at, (line, whole) => {
        const record = whole ? parseLedgerLine(line) : null;
        if (record === null) return;
        apply(campaign, record);
        if (++since < FORGET_EVERY || !isLong(campaign)) return;
        forget(campaign);
        since = 0;
      });
      return campaign;
    } finally {
      if (fd !== null) closeSync(fd);
    }
  };
}

const CHUNK = 1 << 20;
/** Records: where much stays because it is open, it is not gone through for each of them. */
const FORGET_EVERY = 200;

/**
 * Gives the lines from an offset on, one after the other, so that a ledger of years is never in the memory as a whole. A
 * last one without its end is given with `whole` false. Returns the offset behind the last whole line.
 */
function readLines(
  fd: number,
  path: string,
  from: number,
  take: (line: string, whole: boolean) => void,
): number {
  const { size } = fstatSync(fd);
  let rest: Buffer = Buffer.alloc(0);
  let at = from;
  while (at + rest.length < size) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK, size - at - rest.length));
    const got = readChunk(fd, path, chunk, at + rest.length);
    if (got === 0) break;
    const text = rest.length === 0 ? chunk.subarray(0, got) : Buffer.concat([rest, chunk.subarray(0, got)]);
    const end = text.lastIndexOf(0x0a) + 1;
    if (end > 0) for (const line of text.toString('utf8', 0, end - 1).split('\n')) take(line, true);
    at += end;
    rest = text.subarray(end);
  }
  if (rest.length > 0) take(rest.toString('utf8'), false);
  return at;
}

function readChunk(fd: number, path: string, into: Buffer, at: number): number {
  try {
    return readSync(fd, into, 0, into.length, at);
  } catch (error) {
    throw storageError(error, path);
  }
}

function openThere(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw storageError(error, path);
  }
}
