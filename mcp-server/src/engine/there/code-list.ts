import { quote } from '../../core/posix.js';
import {
  bounded,
  isLitter,
  MADE_FOLDERS,
  type Name,
  type Skipped,
  trackedFirst,
  whyLeftOut,
} from '../../store/code-files.js';
import { CODE_LIMITS } from '../../store/snapshots.js';
import { askThere, type Host, OWN_FOLDER } from './ask.js';
import { type FileThere, isPlainName, lookThere } from './look.js';

/** No code has more names than this; what a project there has beyond it is told as left out. */
const MAX_NAMES = 100_000;

/**
 * The files that make up the code in a folder of a host, by the rules of this computer: in a git project what is tracked and
 * what is untracked and not ignored, elsewhere all but what tools make; results, large files and `exclude` are left out.
 */
export async function listCodeThere(
  host: Host,
  folder: string,
  exclude: readonly string[],
): Promise<{ files: FileThere[]; skipped: Skipped[] }> {
  const chosen: string[] = [];
  const skipped: Skipped[] = [];
  let total = 0;
  for (const { bytes, ...name } of await namesThere(host, folder)) {
    if (isLitter(name) || !isPlainName(name.path) || isBelow(name.path, exclude)) continue;
    const why = whyLeftOut(name, bytes, { ...CODE_LIMITS, exclude: [] }, total, chosen.length);
    if (why !== null) {
      skipped.push({ path: name.path, bytes, why });
      continue;
    }
    total += bytes;
    chosen.push(name.path);
  }
  const found = await lookThere(host, folder, chosen);
  const gone = chosen.filter((path) => !found.has(path));
  skipped.push(...gone.map((path) => ({ path, bytes: 0, why: 'vanished or not readable' })));
  const files = [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  return { files, skipped: bounded(skipped) };
}

async function namesThere(host: Host, folder: string): Promise<(Name & { bytes: number })[]> {
  const made = [...MADE_FOLDERS, OWN_FOLDER];
  const others = made.map((name) => `--exclude=${quote(`${name}/`)}`).join(' ');
  const pruned = made.map((name) => `-name ${quote(name)}`).join(' -o ');
  const stat = (kind: string): string => `xargs -0 stat -c '${kind}|%f|%s|%n' -- 2> /dev/null`;
  // fsmonitor is a program that a repository may name.
  const script = `cd ${quote(folder)} || exit 1
git() { command git -c core.fsmonitor=false -c core.quotePath=false "$@"; }
{ if command -v git > /dev/null 2>&1 && [ "$(git rev-parse --is-inside-work-tree 2> /dev/null)" = true ]; then
git ls-files -z --cached --recurse-submodules | ${stat('t')}
git ls-files -z --others --exclude-standard ${others} | ${stat('u')}
else
find . \\( ${pruned} \\) -prune -o \\( -type f -o -type l \\) -exec stat -c 'u|%f|%s|%n' {} + 2> /dev/null
fi; } | head -n ${MAX_NAMES}
:`;
  const answer = (await askThere(host, script)).toString('utf8');
  const names = answer.split('\n').flatMap((line) => {
    const [, kind, mode, bytes, path] = /^([tu])\|(8|a)[0-9a-f]{3}\|(\d+)\|(?:\.\/)?(.+)$/.exec(line) ?? [];
    if (mode === undefined || path === undefined) return [];
    return [{ path, tracked: kind === 't', bytes: Number(bytes) }];
  });
  return names.sort(trackedFirst);
}

const isBelow = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
