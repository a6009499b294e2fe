import { quote } from '../../core/posix.js';
import { askThere, freshMark, type Host, lines, makeOwn, OWN_FOLDER } from './ask.js';
import type { CodeFile } from './code-source.js';

const synced = (workspace: string): string => quote(`${workspace}/${OWN_FOLDER}/synced`);

/** What was brought to a host last, by path: SHA-256 of each content. Kept there, so that all who bring code know it. */
export async function readSynced(host: Host, workspace: string): Promise<Map<string, string>> {
  const text = (await askThere(host, `cat ${synced(workspace)} 2> /dev/null; :`)).toString('utf8');
  return new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const [, sum, path] = /^([0-9a-f]{64}) (.+)$/.exec(line) ?? [];
      return sum === undefined || path === undefined ? [] : [[path, sum]];
    }),
  );
}

export async function writeSynced(
  host: Host,
  workspace: string,
  before: ReadonlyMap<string, string>,
  files: readonly CodeFile[],
): Promise<void> {
  const all = new Map([...before, ...files.map(({ path, sum }) => [path, sum] as const)]);
  const temp = `"$d/synced-${freshMark()}"`;
  const rows = [...all].map(([path, sum]) => `${sum} ${path}`);
  await askThere(
    host,
    `${makeOwn(quote(workspace))}\n${lines(`cat > ${temp}`, rows)}\n[ $? = 0 ] && mv -f ${temp} ${synced(workspace)} || { rm -f ${temp}; exit 1; }`,
  );
}
