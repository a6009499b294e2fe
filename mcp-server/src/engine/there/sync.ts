import { statSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../../core/errors.js';
import type { Place } from '../../core/place.js';
import type { Machine } from '../../core/ports.js';
import { quote } from '../../core/posix.js';
import { withFolders } from '../../store/code-place.js';
import type { Project } from '../../store/project.js';
import { askThere, type Host, lines } from './ask.js';
import { type CodeFile, type CodeSource, codeOfProject } from './code-source.js';
import { type FileThere, lookThere } from './look.js';
import { placeCodeThere } from './place-code.js';
import { pushFiles } from './push.js';
import { byRsync } from './rsync.js';
import { readSynced, writeSynced } from './synced.js';

const NAMED = 3;

/**
 * Brings the code of the project folder into its folder on a host, without what git ignores and without the workspace.
 * Nothing there is deleted, and a file that somebody changed there is left as it is: then the code lies in a copy of its own. Returns the
 * folder that holds exactly the code of here; notes say what was not as it should be. Throws LabError.
 */
export async function syncThere(
  lab: { machine: Pick<Machine, 'exec'> },
  host: Host,
  project: Project,
  place: Place,
  notes: string[],
): Promise<string> {
  const { workspace } = place;
  const source = await codeOfProject(project);
  const paths = source.files.map(({ path }) => path);
  const [there, before] = [await lookThere(host, workspace, paths), await readSynced(host, workspace)];
  const sorted = sortOut(source, there, before, (path) => mtimeOf(join(project.paths.root, path)));
  const sent = [...sorted.push, ...sorted.older];
  if (sent.length > 0) {
    await assertNoLinks(host, workspace, sent);
    await byRsync(lab, project, place, sent, notes);
    const now = await lookThere(
      host,
      workspace,
      sent.map(({ path }) => path),
    );
    const left = sent.filter((file) => !isSame(file, now.get(file.path)));
    await pushFiles(host, workspace, source, left);
  }
  const gone = [...before.keys()].filter((path) => !paths.includes(path));
  const settled = source.files.filter((file) => !sorted.changed.includes(file));
  if (sent.length > 0 || settled.some(({ path, sum }) => before.get(path) !== sum))
    await writeSynced(host, workspace, before, settled);
  if (sorted.older.length > 0)
    notes.push(`${named(sorted.older)} on ${place.host} was older and was replaced`);
  if (gone.length > 0)
    notes.push(
      `${named(gone.map((path) => ({ path })))} is no longer here and stays on ${place.host}: nothing there is deleted`,
    );
  for (const { path, why } of source.skipped.slice(0, NAMED))
    notes.push(`not copied to ${place.host}: ${path} (${why})`);
  if (sorted.changed.length === 0) return workspace;
  const { folder } = await placeCodeThere(host, project, place, source, false);
  notes.push(
    `${named(sorted.changed)} was changed on ${place.host} and was left as it is; the code of this computer runs in a copy there (${folder}). Fetch what was changed there, or remove it there`,
  );
  return folder;
}

/** Nothing is written through a link there: it may lead out of the project. Throws LabError. */
async function assertNoLinks(host: Host, workspace: string, files: readonly CodeFile[]): Promise<void> {
  const folders = new Set(files.flatMap(({ path }) => withFolders(path).slice(0, -1)));
  const answer = await askThere(
    host,
    `cd ${quote(workspace)} || exit 1\n${lines(`while IFS= read -r f; do [ ! -h "./$f" ] || printf '%s\\n' "$f"; done`, [...folders])}`,
  );
  const [first = ''] = answer.toString('utf8').split('\n');
  if (first === '') return;
  throw new LabError(
    `${first} is a link on ${host.name}, and code is not written through links`,
    `make it a folder there, or remove it: ${workspace}/${first}`,
  );
}

interface Sorted {
  push: CodeFile[];
  /** There is another content, which nobody has touched since this one was written. */
  older: CodeFile[];
  /** There is another content, and it is somebody's. */
  changed: CodeFile[];
}

/** `before`: what was brought there last, by path. Without it only the times of change can tell. */
function sortOut(
  source: CodeSource,
  there: ReadonlyMap<string, FileThere>,
  before: ReadonlyMap<string, string>,
  mtimeHere: (path: string) => number,
): Sorted {
  const sorted: Sorted = { push: [], older: [], changed: [] };
  for (const file of source.files) {
    const found = there.get(file.path);
    if (isSame(file, found)) continue;
    const last = before.get(file.path);
    if (found === undefined || found.sum === last || found.sum === file.sum) sorted.push.push(file);
    else if (last === undefined && found.mtime < mtimeHere(file.path)) sorted.older.push(file);
    else sorted.changed.push(file);
  }
  return sorted;
}

const isSame = (file: CodeFile, found: FileThere | undefined): boolean =>
  found?.mode === file.mode && found.sum === file.sum;

const mtimeOf = (path: string): number =>
  Math.floor((statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) / 1000);

const named = (files: readonly { path: string }[]): string => {
  const more = files.length - NAMED;
  const names = files.slice(0, NAMED).map(({ path }) => path);
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};
