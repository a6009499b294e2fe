import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, errorText, LabError } from '../core/errors.js';
import { RUN_ID, runId, runNumber } from '../core/run.js';
import { RunRecord } from '../core/run-record.js';
import { nearest } from '../core/text.js';
import { type WriteOptions, writeAtomic } from './files.js';
import { runPaths } from './paths.js';
import { storageError } from './project.js';

/** Ids of the runs that exist, oldest first. */
export function listRuns(runs: string): string[] {
  try {
    return readdirSync(runs)
      .filter((name) => RUN_ID.test(name))
      .sort((a, b) => runNumber(a) - runNumber(b));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw storageError(error, runs);
  }
}

/** The next free id. `floor` is the highest number known elsewhere, for instance in the ledger. */
export function nextRunId(runs: string, floor: number): string {
  return runId(Math.max(0, floor, ...listRuns(runs).map(runNumber)) + 1);
}

/**
 * Makes the folder of a new run, whole or not at all: it is filled under another name and renamed, and the rename
 * fails where the id is taken. `further` are files by name that are there from the beginning. Throws LabError.
 */
export function createRun(
  runs: string,
  record: RunRecord,
  env: Record<string, string>,
  further: Record<string, string> = {},
): void {
  const temporary = join(runs, `.new-${record.id}-${process.pid}-${Date.now().toString(36)}`);
  try {
    mkdirSync(join(temporary, 'record'), { recursive: true });
    mkdirSync(join(temporary, 'files'));
    writeFileSync(join(temporary, 'env.json'), JSON.stringify(env), { mode: 0o600 });
    writeAtomic(join(temporary, 'run.json'), render(record));
    writeFileSync(join(temporary, 'log'), '');
    for (const [name, text] of Object.entries(further)) writeFileSync(join(temporary, name), text);
    renameSync(temporary, join(runs, record.id));
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw storageError(error, join(runs, record.id));
  }
}

/** Removes what launches that were killed half-way left behind; only folders of our own naming whose maker is gone. */
export function removeHalfMade(runs: string, alive: (pid: number) => boolean): void {
  let names: string[];
  try {
    names = readdirSync(runs);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw storageError(error, runs);
  }
  for (const name of names) {
    const match = /^\.new-exp\d+-(\d+)-[a-z0-9]+$/.exec(name);
    if (match !== null && !alive(Number(match[1])))
      rmSync(join(runs, name), { recursive: true, force: true });
  }
}

/** Reads `run.json`. Throws LabError for an unknown run (the nearest id is named) or a damaged file. */
export function readRun(runs: string, id: string): RunRecord {
  const path = runPaths(runs, id).json;
  let text: string;
  try {
    if (!RUN_ID.test(id)) throw unknownRun(runs, id);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw unknownRun(runs, id);
    if (error instanceof LabError) throw error;
    throw new LabError(`${path} cannot be read: ${errorText(error)}`, 'check who owns it', { cause: error });
  }
  const record = parseRun(text);
  if (record === null) {
    throw new LabError(
      `${path} is damaged`,
      `its log and records are still in ${runPaths(runs, id).dir}; move the folder away to let the rest go on`,
    );
  }
  return record;
}

function parseRun(text: string): RunRecord | null {
  try {
    const parsed = RunRecord.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** All runs that can be read, and words about those that cannot. */
export function readRuns(runs: string): { records: RunRecord[]; warnings: string[] } {
  const records: RunRecord[] = [];
  const warnings: string[] = [];
  for (const id of listRuns(runs)) {
    try {
      records.push(readRun(runs, id));
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      warnings.push(`${error.message}; ${error.hint}`);
    }
  }
  return { records, warnings };
}

/** Replaces `run.json`. Throws the system's error: the caller knows whether it can wait. */
export function writeRun(runs: string, record: RunRecord, options: Pick<WriteOptions, 'mayLose'> = {}): void {
  writeAtomic(runPaths(runs, record.id).json, render(record), options);
}

/** The environment that was kept for a queued run. */
export function readRunEnv(runs: string, id: string): Record<string, string> {
  try {
    const data: unknown = JSON.parse(readFileSync(runPaths(runs, id).env, 'utf8'));
    if (typeof data !== 'object' || data === null) return {};
    return Object.fromEntries(
      Object.entries(data).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
    );
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === 'ENOENT') return {};
    throw error;
  }
}

const render = (record: RunRecord): string => `${JSON.stringify(RunRecord.parse(record), null, 2)}\n`;

function unknownRun(runs: string, id: string): LabError {
  const known = listRuns(runs);
  const close = nearest(id, known);
  const hint =
    known.length === 0
      ? 'this project has no runs yet: start one with auto-experiment launch -- CMD'
      : close === undefined
        ? `the newest runs are ${known.slice(-5).join(', ')}`
        : `did you mean ${close}?`;
  return new LabError(`there is no run "${id.slice(0, 60)}"`, hint);
}
