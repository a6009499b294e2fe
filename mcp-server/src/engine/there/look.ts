import { quote } from '../../core/posix.js';
import { sumOf } from '../../store/foreign-code.js';
import { askThere, freshMark, type Host, lines } from './ask.js';

/** A file as it lies on a host. */
export interface FileThere {
  /** Below the folder that was asked about, with `/`. */
  path: string;
  /** As git has it: plain, executable, or a symbolic link. */
  mode: '100644' | '100755' | '120000';
  bytes: number;
  /** When it was changed, in seconds since 1970 by the host's clock. */
  mtime: number;
  /** SHA-256 of the content; of a link, of its target. */
  sum: string;
}

/** Names that a here-document can carry; others are nobody's code. */
export const isPlainName = (path: string): boolean => !/[\0\r\n]/.test(path);

const BATCH = 5000;

/** What lies at these paths below a folder there. What is not there, is no file or cannot be read is not in the answer. */
export async function lookThere(
  host: Host,
  folder: string,
  paths: readonly string[],
): Promise<Map<string, FileThere>> {
  const found = new Map<string, FileThere>();
  const asked = paths.filter(isPlainName);
  for (let from = 0; from < asked.length; from += BATCH)
    for (const file of await lookAtBatch(host, folder, asked.slice(from, from + BATCH)))
      found.set(file.path, file);
  return found;
}

async function lookAtBatch(host: Host, folder: string, paths: readonly string[]): Promise<FileThere[]> {
  const mark = freshMark();
  const list = 'tr "\\n" "\\000" | xargs -0';
  const script = `cd ${quote(folder)} || exit 1
${lines(`${list} stat -c '%f|%s|%Y|%n' -- 2> /dev/null`, paths)}
printf '\\n%s\\n' ${mark}
${lines(`${list} sha256sum -- 2> /dev/null`, paths)}
printf '\\n%s\\n' ${mark}
${lines(`while IFS= read -r f; do [ -h "$f" ] && { printf '%s|' "$f"; readlink "$f"; }; done`, paths)}
:`;
  const answer = (await askThere(host, script, 300_000)).toString('utf8');
  const [stats = '', sums = '', links = ''] = answer.split(`\n${mark}\n`);
  const sumAt = new Map(sums.split('\n').flatMap(readSum));
  const linkAt = new Map(
    links.split('\n').flatMap((line): [string, string][] => {
      const at = line.indexOf('|');
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
  return stats.split('\n').flatMap((line): FileThere[] => {
    const [, mode = '', bytes = '', mtime = '', path = ''] =
      /^([0-9a-f]+)\|(\d+)\|(\d+)\|(.+)$/.exec(line) ?? [];
    const kind = modeOf(Number.parseInt(mode, 16));
    const target = linkAt.get(path);
    const sum = kind === '120000' ? (target === undefined ? undefined : sumOf(target)) : sumAt.get(path);
    return kind === null || sum === undefined
      ? []
      : [{ path, mode: kind, bytes: Number(bytes), mtime: Number(mtime), sum }];
  });
}

/** A line of sha256sum(1): names with a backslash are escaped, and then the line begins with one. */
export function readSum(line: string): [path: string, sum: string][] {
  const [, escaped, sum, path] = /^(\\?)([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
  if (sum === undefined || path === undefined) return [];
  return [[escaped === '\\' ? path.replace(/\\(.)/g, '$1') : path, sum]];
}

/** st_mode → as git has it; null for what is neither a file nor a link. */
function modeOf(mode: number): FileThere['mode'] | null {
  const kind = mode & 0o170000;
  if (kind === 0o120000) return '120000';
  if (kind !== 0o100000) return null;
  return (mode & 0o111) === 0 ? '100644' : '100755';
}
