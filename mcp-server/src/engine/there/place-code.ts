import { posix } from 'node:path';
import { LabError } from '../../core/errors.js';
import type { Place } from '../../core/place.js';
import { quote } from '../../core/posix.js';
import { withFolders } from '../../store/code-place.js';
import type { Project } from '../../store/project.js';
import { askThere, freshMark, type Host, lines, makeOwn, notCode, OWN_FOLDER } from './ask.js';
import { listCodeThere } from './code-list.js';
import type { CodeFile, CodeSource } from './code-source.js';
import { lookThere } from './look.js';
import { pushFiles } from './push.js';
import { readSynced } from './synced.js';

/** Where code lies on a host, and which of its files are not so in the folder of the project there. */
export interface PlacedThere {
  folder: string;
  changed: string[];
}

const BUILD_MS = 300_000;

const isOrdinary = ({ mode }: CodeFile): boolean => mode !== '120000';

/**
 * The folder there in which this code lies: the project's folder while it holds exactly this code, else (and where it is
 * kept `apart`) a copy below `.auto-experiment/code/`, named after its content and made once. Of the copy only what the
 * project's folder does not have is sent; what is no code (data, environments, what git ignores) is a link into it.
 * Throws LabError.
 */
export async function placeCodeThere(
  host: Host,
  project: Project,
  { workspace }: Pick<Place, 'workspace'>,
  source: CodeSource,
  apart: boolean,
): Promise<PlacedThere> {
  const paths = source.files.map(({ path }) => path);
  const there = await lookThere(host, workspace, paths);
  const isSame = ({ path, mode, sum }: CodeFile): boolean => {
    const found = there.get(path);
    return found?.mode === mode && found.sum === sum;
  };
  const changed = source.files.filter((file) => !isSame(file));
  const names = changed.map(({ path }) => path);
  if (changed.length === 0 && !apart) return { folder: workspace, changed: names };
  const into = `${workspace}/${OWN_FOLDER}/code/${source.key}`;
  const known = await askThere(host, `[ -d ${quote(into)} ] && echo there; :`);
  if (known.length > 0) return { folder: into, changed: names };
  const half = `${into}.half-${freshMark()}`;
  try {
    await askThere(
      host,
      `${makeOwn(quote(workspace))}\nmkdir -p ${quote(half)}\ncd ${quote(workspace)} || exit 1\n${copyLines(
        half,
        source.files.filter((file) => isOrdinary(file) && isSame(file)),
      )}`,
      BUILD_MS,
    );
    const sent = source.files.filter((file) => !isOrdinary(file) || !isSame(file));
    await pushFiles(host, half, ledOut(source, workspace), sent);
    await assertWhole(host, half, source, workspace);
    const now = await codeNow(host, project, workspace);
    const extra = now.flatMap(withFolders).filter((path) => !paths.includes(path));
    await askThere(host, restLines(workspace, half, [...new Set(extra)], notCode(project)), BUILD_MS);
    await askThere(
      host,
      `[ -d ${quote(into)} ] || mv ${quote(half)} ${quote(into)} || exit 1\nrm -rf ${quote(half)}`,
    );
  } catch (error) {
    // Of our own making. Where the host is lost it stays, under a name that nobody takes for code.
    await host.script(`rm -rf ${quote(half)}`, 10_000).catch(() => undefined);
    throw error;
  }
  return { folder: into, changed: names };
}

/** What is code in the project's folder there: what was brought there, or what counts as code where nothing is. */
async function codeNow(host: Host, project: Project, workspace: string): Promise<string[]> {
  if (project.config.execution.sync !== 'off') return [...(await readSynced(host, workspace)).keys()];
  const { files } = await listCodeThere(host, workspace, notCode(project));
  return files.map(({ path }) => path);
}

/** Links of the code that lead out of the project, or into what is no code, lead to where they led from the project. */
function ledOut(source: CodeSource, workspace: string): CodeSource {
  return {
    ...source,
    async *contents(files) {
      for await (const { file, data } of source.contents(files)) {
        const isLink = file.mode === '120000';
        yield isLink
          ? { file, data: Buffer.from(targetOf(data.toString('utf8'), file.path, workspace)) }
          : { file, data };
      }
    },
  };
}

function targetOf(target: string, path: string, workspace: string): string {
  if (posix.isAbsolute(target)) return target;
  const meant = posix.resolve(workspace, posix.dirname(path), target);
  return meant.startsWith(`${workspace}/`) ? target : meant;
}

/** The whole of it must be there, to the byte, before anything may start in it. */
async function assertWhole(host: Host, half: string, source: CodeSource, workspace: string): Promise<void> {
  const ordinary = source.files.filter(isOrdinary);
  const found = await lookThere(
    host,
    half,
    ordinary.map(({ path }) => path),
  );
  const wrong = ordinary.find(({ path, sum }) => found.get(path)?.sum !== sum);
  if (wrong === undefined) return;
  throw new LabError(
    `${wrong.path} could not be put on ${host.name} as it was launched`,
    `it may be changing in ${workspace} just now; it is tried again at the next start`,
  );
}

const copyLines = (half: string, files: readonly CodeFile[]): string => `t=${quote(half)}
${lines(
  `while IFS= read -r f; do case $f in */*) mkdir -p "$t/\${f%/*}" || exit 1 ;; esac; cp -pP "./$f" "$t/$f" || exit 1; done`,
  files.map(({ path }) => path),
)}`;

/** Kept out of copies: what versioning keeps, and what Python compiled from the files beside it. */
const APART = ['.git', '.hg', '.svn', '__pycache__'];

/** Links what lies in the project's folder and is no code. `extra`: code that is there now and is not of this copy. */
function restLines(
  workspace: string,
  half: string,
  extra: readonly string[],
  exclude: readonly string[],
): string {
  const never = [...APART.map((name) => `*/${name}`), ...exclude.map((path) => `./${path}`)];
  return `w=${quote(workspace)} t=${quote(half)} x=${quote(`${half}/.ae-extra-${freshMark()}`)}
${lines('cat > "$x"', extra)}
rest() {
for f in "$w/$1"* "$w/$1".[!.]* "$w/$1"..?*; do
[ -e "$f" ] || [ -h "$f" ] || continue
p=./\${f#"$w/"}
case $p in ${never.map((pattern) => pattern.split('*').map(quote).join('*')).join('|')}) continue ;; esac
if [ -e "$t/$p" ] || [ -h "$t/$p" ]; then
[ -d "$f" ] && [ ! -h "$f" ] && [ -d "$t/$p" ] && [ ! -h "$t/$p" ] && rest "\${p#./}/"
elif grep -qxF -- "\${p#./}" "$x"; then
[ -d "$f" ] && [ ! -h "$f" ] && { mkdir -p "$t/$p"; rest "\${p#./}/"; }
else ln -s "$f" "$t/$p" || exit 1
fi
done
}
rest ''
rm -f "$x"`;
}
