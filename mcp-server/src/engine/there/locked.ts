import type { LockedRecord } from '../../core/locked.js';
import { quote } from '../../core/posix.js';
import { basesOf, isMade, lockedMatcher, MAX_LOCKED } from '../../store/locked.js';
import { askThere, type Host, lines, OWN_FOLDER } from './ask.js';
import { isPlainName, readSum } from './look.js';

const MAX_NAMES = 200_000;
const MAX_BYTES = 20 * 1024 ** 3;
/** Twenty gigabytes from a slow disk. */
const HASH_MS = 600_000;

/**
 * Hashes there what the globs mean in a folder of a host, links followed. What cannot be read counts as such; that they mean
 * too much stands in the record. `now` in milliseconds. Throws LabError when the host cannot be asked.
 */
export async function hashLockedThere(
  host: Host,
  folder: string,
  globs: readonly string[],
  exclude: readonly string[],
  now: number,
): Promise<LockedRecord> {
  const bases = basesOf(globs);
  const isMeant = meaning(globs, bases, exclude);
  const record: LockedRecord = { at: new Date(now).toISOString(), globs: [...globs], files: {}, error: null };
  const tooMuch = (what: string): LockedRecord => ({
    ...record,
    error: `the globs under experiment.locked ${what} on ${host.name}`,
  });
  const names = await namesThere(host, folder, bases);
  if (names.length > MAX_NAMES) return tooMuch(`look through more than ${MAX_NAMES} names`);
  const found = new Map(names.flatMap(({ path, bytes }) => (isMeant(path) ? [[path, bytes] as const] : [])));
  if (found.size > MAX_LOCKED) return tooMuch(`mean more than ${MAX_LOCKED} files`);
  const total = [...found.values()].reduce((sum, bytes) => sum + bytes, 0);
  if (total > MAX_BYTES)
    return tooMuch(`mean ${(total / 1024 ** 3).toFixed(1)} GiB (20 are the most that is hashed)`);
  const paths = [...found.keys()].sort();
  const answer = await askThere(
    host,
    `cd ${quote(folder)} || exit 1\n${lines(`tr "\\n" "\\000" | xargs -0 sha256sum -- 2> /dev/null`, paths)}\n:`,
    HASH_MS,
  );
  const sums = new Map(answer.toString('utf8').split('\n').flatMap(readSum));
  const files = Object.fromEntries(paths.map((path) => [path, sums.get(path) ?? '(not readable)']));
  return { ...record, files };
}

/** What changes whenever a locked file there is written or replaced, without reading it. */
export async function stampLockedThere(
  host: Host,
  folder: string,
  globs: readonly string[],
  exclude: readonly string[],
): Promise<Record<string, string>> {
  const bases = basesOf(globs);
  const isMeant = meaning(globs, bases, exclude);
  const names = globs.length === 0 ? [] : await namesThere(host, folder, bases);
  return Object.fromEntries(names.flatMap(({ path, stamp }) => (isMeant(path) ? [[path, stamp]] : [])));
}

/** Whether a path is meant. What tools make by the way is not, unless a glob begins in their folder. */
function meaning(
  globs: readonly string[],
  bases: readonly string[],
  exclude: readonly string[],
): (path: string) => boolean {
  const matches = lockedMatcher(globs);
  const isBelow = (path: string, one: string): boolean => path === one || path.startsWith(`${one}/`);
  return (path) => {
    const base = bases.find((one) => isBelow(path, one)) ?? '';
    const isOwn =
      exclude.some((one) => isBelow(path, one)) || path.slice(base.length).split('/').some(isMade);
    return !isOwn && matches(path);
  };
}

async function namesThere(
  host: Host,
  folder: string,
  bases: readonly string[],
): Promise<{ path: string; bytes: number; stamp: string }[]> {
  const roots = bases.map((base) => (base === '' ? '.' : `./${base}`)).filter(isPlainName);
  // A link that leads nowhere is a name too; find(1) itself sees links that lead back into their folder.
  const script = `cd ${quote(folder)} || exit 1
${lines(
  `while IFS= read -r b; do [ -e "$b" ] || [ -h "$b" ] || continue; find -L "$b" \\( -name ${quote(OWN_FOLDER)} -o -name .git -o -name node_modules -o -name __pycache__ \\) -prune -o -type f -exec stat -L -c '%s|%d:%i:%Y:%Z|%n' {} + -o -type l -exec printf '0||%s\\n' {} + ; done 2> /dev/null | head -n ${MAX_NAMES + 1}`,
  roots,
)}
:`;
  const rows = (await askThere(host, script, 300_000)).toString('utf8').split('\n');
  return rows.flatMap((row) => {
    const [, bytes, stamp, path] = /^(\d+)\|([\d:]*)\|(?:\.\/)?(.+)$/.exec(row) ?? [];
    return path === undefined ? [] : [{ path, bytes: Number(bytes), stamp: `${bytes}:${stamp}` }];
  });
}
