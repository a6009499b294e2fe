import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { clipBrief } from '../core/brief.js';
import { BriefSettings } from '../core/config.js';
import { errorCode, errorText, LabError } from '../core/errors.js';
import { checked } from './config-file.js';
import { splitFrontMatter } from './front-matter.js';

/** Tier 1 of the memory: what the person wants. No tool of ours ever writes it. */
export interface Brief {
  /** Without the front matter, clipped to the cap. Empty when there is no brief. */
  text: string;
  exists: boolean;
  settings: BriefSettings;
  warnings: string[];
}

const MAX_BYTES = 1024 * 1024;

/** Reads the brief. Front matter keys that are not ours are left alone and named in a warning. Throws LabError. */
export function readBrief(path: string, maxChars: number): Brief {
  const raw = readStart(path);
  if (raw === null) return { text: '', exists: false, settings: {}, warnings: [] };
  const warnings: string[] = [];
  const file = splitFrontMatter(raw, path);
  const known = Object.keys(BriefSettings.shape);
  const data = file.data;
  if (file.prose)
    warnings.push(
      `${path}: its block between --- lines is not "key: value" lines, so it sets nothing and is read as text`,
    );
  const foreign = Object.keys(data).filter((key) => !known.includes(key));
  if (foreign.length > 0)
    warnings.push(
      `${path}: front matter without effect: ${foreign.slice(0, 5).join(', ')} (known: ${known.join(', ')})`,
    );
  const settings = checked(
    BriefSettings,
    Object.fromEntries(Object.entries(data).filter(([key]) => known.includes(key))),
    path,
  );
  const clipped = clipBrief(file.content.trim(), maxChars);
  if (clipped.warning !== null) warnings.push(clipped.warning);
  return { text: clipped.text, exists: true, settings, warnings };
}

/** Up to 1 MiB of the file; null when there is none. */
function readStart(path: string): string | null {
  try {
    // A pipe would be waited for without end.
    if (!statSync(path).isFile())
      throw new LabError(`${path} is not a plain file`, 'a brief is a plain text file: move this away');
    const fd = openSync(path, 'r');
    try {
      // It is read at every turn of the loop: no more is asked for than it holds.
      const buffer = Buffer.alloc(Math.min(MAX_BYTES, fstatSync(fd).size));
      const length = readSync(fd, buffer, 0, buffer.length, 0);
      return buffer.toString('utf8', 0, length).replace(/^\uFEFF/, '');
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    if (error instanceof LabError) throw error;
    throw new LabError(
      `${path} cannot be read: ${errorText(error)}`,
      'it must be a plain text file that you may read',
      { cause: error },
    );
  }
}
