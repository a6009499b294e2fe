import { createWriteStream, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { errorCode, LabError } from '../../core/errors.js';
import { createRedactor } from '../../core/redact.js';
import type { RunRecord } from '../../core/run-record.js';
import { secretValues } from '../../core/secrets.js';
import { type TarEntry, tarEnd, tarMember } from '../../core/write-tar.js';
import { readBytesIfThere, tempName } from '../../store/files.js';
import { readLedger } from '../../store/ledger.js';
import { readEnds } from '../../store/log-tail.js';
import { runPaths } from '../../store/paths.js';
import { makeFolders, type Project, storageError } from '../../store/project.js';
import { snapshotContents, snapshotFiles } from '../../store/restore.js';
import { readRun, readRuns } from '../../store/runs.js';
import type { Lab } from '../lab.js';
import { readEnvironment } from '../runs/environment.js';
import { bundleReadme } from './bundle-readme.js';

/** Of a longer log the beginning and the end are taken. */
const LOG_HEAD = 1024 * 1024;
const LOG_TAIL = 7 * 1024 * 1024;
const METRICS_BYTES = 64 * 1024 * 1024;
/** Code files above this are data or binaries: no secret is looked for in them. */
const TEXT_BYTES = 1024 * 1024;

export interface Bundle {
  run: string;
  file: string;
  bytes: number;
  /** Members of the archive. */
  files: number;
  redacted: string[];
  left_out: string[];
}

/**
 * All that it takes to run a run again, and what it gave, as one .tar.gz: code, command, seed, environment, fingerprint of
 * the data, metrics, log and verdict, its runs on other seeds too. Secrets are taken out. `into` must not be there yet;
 * null = below the workspace, where an older one is replaced. Throws LabError.
 */
export async function writeBundle(
  lab: Pick<Lab, 'env'>,
  project: Project,
  id: string,
  into: string | null,
): Promise<Bundle> {
  const { paths } = project;
  const run = readRun(paths.runs, id);
  if (run.state !== 'ended')
    throw new LabError(`${id} has not ended yet`, `wait for it: auto-experiment wait ${id}`);
  if (run.code === null)
    throw new LabError(`the code of ${id} was not kept`, 'its launch said why; see the notes of the launch');
  const file = into ?? join(paths.bundles, `${id}.tar.gz`);
  if (into !== null && existsSync(into))
    throw new LabError(`${into} is there already`, 'name a new file: nothing is written over');
  const temp = join(dirname(file), tempName());
  const told: Told = { files: 0, redacted: [], leftOut: [] };
  try {
    makeFolders(dirname(file));
    const seconds = Date.parse(run.ended_at ?? run.created_at) / 1000;
    await pipeline(
      Readable.from(archive(members(lab, project, run, told), id, seconds, told)),
      createGzip({ level: 6 }),
      createWriteStream(temp, { flags: 'wx', mode: 0o644 }),
    );
    renameSync(temp, file);
  } catch (error) {
    rmSync(temp, { force: true });
    if (error instanceof LabError || errorCode(error) === undefined) throw error;
    throw storageError(error, file);
  }
  const { files, redacted, leftOut } = told;
  return { run: id, file, bytes: statSync(file).size, files, redacted, left_out: leftOut };
}

/** What is found out while the archive is made. */
interface Told {
  files: number;
  redacted: string[];
  leftOut: string[];
}

async function* archive(
  entries: AsyncGenerator<TarEntry>,
  folder: string,
  seconds: number,
  told: Told,
): AsyncGenerator<Uint8Array> {
  for await (const entry of entries) {
    told.files += 1;
    yield* tarMember({ ...entry, path: `${folder}/${entry.path}` }, seconds);
  }
  yield tarEnd();
}

/** The README comes last: it says what the others gave. */
async function* members(
  lab: Pick<Lab, 'env'>,
  project: Project,
  run: RunRecord,
  told: Told,
): AsyncGenerator<TarEntry> {
  const { paths } = project;
  const clean = createRedactor(secretValues(lab.env, project.config.experiment.secret_env));
  if (run.code !== null) {
    const where = { project: paths.root, workspace: paths.workspace };
    const files = await snapshotFiles(where, run.code);
    for await (const { file, data } of snapshotContents(where, run.code, files))
      yield codeEntry(file, data, clean, told);
  }
  const replicates = readRuns(paths.runs).records.filter((one) => one.replicate?.arm === run.id);
  const ids = [run.id, ...replicates.map((one) => one.id)];
  const all = readLedger(paths.ledger).records;
  const plans = all.flatMap((record) =>
    record.kind === 'launch' && ids.includes(record.run) ? [record.plan] : [],
  );
  const records = all.filter((record) =>
    record.kind === 'plan'
      ? plans.includes(record.id)
      : 'run' in record && record.run !== null && ids.includes(record.run),
  );
  const environment = readEnvironment(project, run.id);
  const packages = Object.entries(environment?.packages ?? {}).map(
    ([name, version]) => `${name}==${version}\n`,
  );
  yield text('ledger.jsonl', clean(records.map((record) => `${JSON.stringify(record)}\n`).join('')));
  yield text('packages.txt', packages.join(''));
  for (const one of [run, ...replicates])
    yield* runEntries(project, one, one === run ? '' : `replicates/${one.id}/`, clean, told);
  const facts = { project: project.name, run, records, replicates, environment };
  const { redacted, leftOut } = told;
  const folder = folderOf(project, run);
  yield text('README.md', clean(bundleReadme({ ...facts, folder, redacted, leftOut })));
}

/** Where the command ran, below the code: in the project’s folder or in a copy of its own. */
function folderOf({ paths }: Project, run: RunRecord): string {
  const below = [runPaths(paths.runs, run.id).code, paths.root]
    .map((root) => relative(root, run.cwd))
    .find((path) => !path.startsWith('..'));
  return below ?? '';
}

function codeEntry(
  file: { path: string; mode: string },
  data: Buffer,
  clean: (text: string) => string,
  told: Told,
): TarEntry {
  const path = `code/${file.path}`;
  if (file.mode === '120000') return { path, data, kind: 'link' };
  const kind = file.mode === '100755' ? 'program' : 'file';
  if (data.length > TEXT_BYTES || data.includes(0)) return { path, data, kind };
  const before = data.toString('utf8');
  const after = clean(before);
  if (after === before) return { path, data, kind };
  told.redacted.push(path);
  return { path, data: Buffer.from(after), kind };
}

function* runEntries(
  { paths }: Project,
  run: RunRecord,
  folder: string,
  clean: (text: string) => string,
  told: Told,
): Generator<TarEntry> {
  const files = runPaths(paths.runs, run.id);
  for (const [name, path] of [
    ['run.json', files.json],
    ['environment.json', files.environment],
    ['conditions.json', files.conditions],
    ['locked.json', files.locked],
  ] as const) {
    const data = readBytesIfThere(path);
    if (data !== null) yield text(`${folder}${name}`, clean(data.toString('utf8')));
  }
  const metrics = statSync(files.metrics, { throwIfNoEntry: false });
  if (metrics !== undefined && metrics.size > METRICS_BYTES)
    told.leftOut.push(
      `${folder}metrics.jsonl: ${metrics.size} bytes are more than the ${METRICS_BYTES} that fit`,
    );
  else if (metrics !== undefined)
    yield text(`${folder}metrics.jsonl`, clean(readBytesIfThere(files.metrics)?.toString('utf8') ?? ''));
  const log = readEnds(files.log, LOG_HEAD, LOG_TAIL);
  if (log.skipped > 0) told.leftOut.push(`${folder}log: ${log.skipped} bytes in its middle`);
  yield text(`${folder}log`, clean(log.text));
}

const text = (path: string, content: string): TarEntry => ({ path, data: Buffer.from(content) });
