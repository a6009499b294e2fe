import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode, LabError } from '../core/errors.js';
import { DIGEST_NAME, DigestMark } from '../core/paper/digest-mark.js';
import { appendLine, readTextIfThere, writeAtomic } from './files.js';
import type { ProjectPaths } from './paths.js';
import { makeFolders, storageError } from './project.js';

/** A digest before it is written: the whole of it, so that a killed process is finished by the next one. */
const DigestRecord = z.object({ markdown: z.string(), mark: DigestMark });
export type DigestRecord = z.output<typeof DigestRecord>;

type Paths = Pick<ProjectPaths, 'papers' | 'digests'>;
const marksFile = (paths: Paths): string => join(paths.papers, 'digests.jsonl');
const recordFile = (paths: Paths, name: string): string => join(paths.papers, 'digests', `${name}.json`);
export const digestFile = (paths: Paths, name: string): string => join(paths.digests, `${name}.md`);

/** A name for the digest of a day that no file has: what was still due comes in a second file. */
export function freeDigestName(paths: Paths, day: string): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? day : `${day}-${number}`;
    if (!existsSync(digestFile(paths, name))) return name;
  }
}

/** What all digests have done, oldest first. A torn last line is no mark: its digest is finished anew. Throws LabError. */
export function readMarks(paths: Paths): DigestMark[] {
  const lines = (readTextIfThere(marksFile(paths)) ?? '').split('\n').filter((line) => line !== '');
  return lines.flatMap((line, i) => {
    const mark = parseJson(line);
    const parsed = DigestMark.safeParse(mark);
    if (parsed.success) return [parsed.data];
    if (mark === undefined) return [];
    throw new LabError(
      `${marksFile(paths)}:${i + 1} is no mark of a digest`,
      'it was edited or comes from a newer version; take the line out, and its papers may be shown once more',
    );
  });
}

/**
 * Writes a digest: the record of what will be done, the file, and then the mark. Killed in between, `finishDigests` goes
 * on. A file that is there already stays as it is: a person may have written into it. Throws LabError.
 */
export function writeDigest(paths: Paths, record: DigestRecord): void {
  try {
    makeFolders(join(paths.papers, 'digests'));
    makeFolders(paths.digests);
    writeAtomic(recordFile(paths, record.mark.name), JSON.stringify(record));
    finish(paths, record);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw storageError(error, paths.digests);
  }
}

/** Finishes digests whose process was killed between the record and the mark; returns their names. Throws LabError. */
export function finishDigests(paths: Paths): string[] {
  const marked = new Set(readMarks(paths).map(({ name }) => name));
  const folder = join(paths.papers, 'digests');
  if (!existsSync(folder)) return [];
  const open = readdirSync(folder)
    .map((file) => file.replace(/\.json$/, ''))
    .filter((name) => DIGEST_NAME.test(name) && !marked.has(name))
    .sort();
  for (const name of open) {
    const record = DigestRecord.safeParse(parseJson(readTextIfThere(recordFile(paths, name)) ?? ''));
    if (record.success) writeDigest(paths, record.data);
    else
      throw new LabError(
        `${recordFile(paths, name)} cannot be read`,
        'remove it: the digest of that day is then made anew',
      );
  }
  return open;
}

/** The file is durable before the mark is made: a mark without a file would lose its papers. */
function finish(paths: Paths, { markdown, mark }: DigestRecord): void {
  const file = digestFile(paths, mark.name);
  if (!existsSync(file)) writeAtomic(file, markdown);
  appendLine(marksFile(paths), JSON.stringify(mark));
}

/** Undefined for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
