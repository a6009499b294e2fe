import { appendFileSync, renameSync, statSync } from 'node:fs';

/** The most that one file of a log holds; with the one before it, a log is never over twice this. */
const MAX_BYTES = 2 * 1024 * 1024;

/**
 * Appends to a log that never grows beyond bounds: a full file becomes `<path>.1`, in place of the one before it. Whoever
 * follows it by name goes on in the new one. Throws the system's error.
 */
export function appendLog(path: string, text: string, maxBytes = MAX_BYTES): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > 0 && size + Buffer.byteLength(text) > maxBytes) renameSync(path, `${path}.1`);
  appendFileSync(path, text);
}
