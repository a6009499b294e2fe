import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { errorCode } from '../core/errors.js';
import { plain } from '../core/text.js';
import { readBytesIfThere } from './files.js';

const MAX_BYTES = 16 * 1024;

/** `.taken-<order>-<time>-<random>.md`: the order is a count, since a clock may be set back. */
export const TAKEN = /^\.taken-(\d{8})-(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z)-[0-9a-f]{8}\.md$/;

/** Names of directives that were taken and not archived, the oldest first. */
export function listTaken(archive: string): string[] {
  return namesIn(archive)
    .filter((name) => TAKEN.test(name))
    .sort();
}

/** A name behind all that are there; the random part keeps two takers apart. */
export function newTakenId(archive: string, at: number): string {
  const last = TAKEN.exec(listTaken(archive).at(-1) ?? '');
  const order = String(Number(last?.[1] ?? 0) + 1).padStart(8, '0');
  return `.taken-${order}-${new Date(at).toISOString().replace(/[:.]/g, '-')}-${randomBytes(4).toString('hex')}.md`;
}

/** When it was taken, ISO 8601. */
export function timeOf(id: string): string {
  const time = TAKEN.exec(id)?.[2] ?? '';
  return time.replace(/T(\d\d)-(\d\d)-(\d\d)-(\d{3})Z$/, 'T$1:$2:$3.$4Z');
}

/** `2026-11-23T02-30-00-000Z.md` */
export function archiveName(id: string, suffix: string): string {
  return `${TAKEN.exec(id)?.[2] ?? 'unknown'}${suffix}.md`;
}

/** The text of a directive, or null when the file is gone or holds only blanks. `whole` is where all of it is found. */
export function readDirective(path: string, whole: string): string | null {
  const data = readBytesIfThere(path);
  if (data === null) return null;
  const text = plain(decodeDirective(data)).trim();
  if (text === '') return null;
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_BYTES) return text;
  // Decoding in stream mode leaves a character out that the cut goes through.
  const start = new TextDecoder().decode(bytes.subarray(0, MAX_BYTES), { stream: true });
  return `${start}\n… [clipped: the first 16 KiB of ${bytes.length} bytes; all of it is in ${whole}]`;
}

/** UTF-8, or UTF-16 with its mark, as some editors of Windows write it. */
export function decodeDirective(data: Buffer): string {
  const isUtf16 = data[0] === 0xff && data[1] === 0xfe;
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(data);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
