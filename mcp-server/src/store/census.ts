import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode } from '../core/errors.js';
import { toLatin1 } from '../core/reading/lines.js';
import { HistoryPrint, printHistory } from '../core/reading/sources/whole-json.js';
import { createCandidates } from './candidates.js';
import { readTextIfThere, writeAtomic } from './files.js';
import type { RunPaths } from './paths.js';

/** The files that were there before a run began. What is not new and has not changed is not of this run. */
export const Census = z.strictObject({
  complete: z.boolean().describe('false when there were more files than are looked at'),
  files: z.record(
    z.string(),
    z.strictObject({
      size: z.number(),
      mtime: z.number(),
      tail: z.string().describe('its last bytes, one character each'),
      history: HistoryPrint.optional().describe(
        'of a trainer_state.json: what a resumed training takes over',
      ),
    }),
  ),
});
export type Census = z.output<typeof Census>;

const TAIL = 64;
/** Histories longer than this are not looked into before a run starts. */
const LARGEST = 16 << 20;

/** Writes down which files there are, just before the run starts; once only, however often its start is repeated. */
export function takeCensus(root: string, workspace: string, run: RunPaths, now: number): void {
  if (readTextIfThere(run.sources) !== null) return;
  const { files, complete } = createCandidates(root, workspace, run.dir).scan(now);
  const census: Census = { complete, files: {} };
  for (const { path, size, mtime, kind } of files) {
    const text = kind === 'trainer-state' && size <= LARGEST ? readTextIfThere(join(root, path)) : null;
    const history = text === null ? null : printHistory(text);
    const tail = tailOf(join(root, path), size);
    census.files[path] = { size, mtime, tail, ...(history === null ? {} : { history }) };
  }
  writeCensus(run, census);
}

export const writeCensus = (run: RunPaths, census: Census): void =>
  writeAtomic(run.sources, JSON.stringify(census), { mayLose: 'all' });

/** Null when there is none that can be read. */
export function readCensus(run: RunPaths): Census | null {
  const text = readTextIfThere(run.sources);
  if (text === null) return null;
  try {
    return Census.safeParse(JSON.parse(text)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function tailOf(path: string, size: number): string {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return '';
  }
  try {
    const bytes = Buffer.alloc(Math.min(TAIL, size));
    return toLatin1(bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, size - bytes.length)));
  } finally {
    closeSync(fd);
  }
}
