import { quote } from '../../core/posix.js';
import { withFolders } from '../../store/code-place.js';
import { askThere, freshMark, type Host, lines } from './ask.js';
import type { CodeFile, CodeSource } from './code-source.js';

/** Bytes of contents in one script. */
const BATCH = 3 << 20;
const PUSH_MS = 300_000;

/**
 * Writes files below a folder of a host, each beside its place and then into it; folders on the way are made.
 * Returns what was written, as it was written. Throws LabError when the host refuses.
 */
export async function pushFiles(
  host: Host,
  folder: string,
  source: CodeSource,
  files: readonly CodeFile[],
): Promise<CodeFile[]> {
  const done: CodeFile[] = [];
  let batch: string[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    await askThere(host, [`cd ${quote(folder)} || exit 1`, 'umask 022', ...batch].join('\n'), PUSH_MS);
    batch = [];
    bytes = 0;
  };
  const ordinary = files.filter(({ mode }) => mode !== '120000');
  for await (const { file, data } of source.contents(ordinary)) {
    if (bytes > 0 && bytes + data.length > BATCH) await flush();
    batch.push(writeLines(file, data));
    bytes += data.length;
    done.push(file);
  }
  // Links last: nothing is ever written through one.
  const links = files.filter(({ mode }) => mode === '120000');
  for await (const { file, data } of source.contents(links)) {
    batch.push(linkLines(file.path, data.toString('utf8')));
    done.push(file);
  }
  await flush();
  return done;
}

const folderOf = (path: string): string => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.');

/** Its folder, which must be a real one: a link on the way would lead the write elsewhere. */
const enter = (path: string): string => {
  const folder = folderOf(path);
  const real = withFolders(folder).map((part) => `[ ! -h ${quote(`./${part}`)} ]`);
  return `mkdir -p ${quote(`./${folder}`)} || exit 1
${real.join(' && ')} || { echo ${quote(`${folder} is a link there, and code is not written through links`)} >&2; exit 1; }`;
};

function writeLines({ path, mode }: CodeFile, data: Buffer): string {
  const temp = `./${folderOf(path)}/.ae-write-${freshMark()}`;
  const base64 = data.toString('base64').replace(/.{1,4096}/g, '$&\n');
  const rows = base64 === '' ? [] : base64.trimEnd().split('\n');
  return `${enter(path)}
[ ! -d ${quote(`./${path}`)} ] || { echo ${quote(`${path} is a folder there, and a file here`)} >&2; exit 1; }
${lines(`base64 -d > ${quote(temp)}`, rows)}
[ $? = 0 ] && chmod ${mode === '100755' ? '755' : '644'} ${quote(temp)} && mv -f ${quote(temp)} ${quote(`./${path}`)} || { rm -f ${quote(temp)}; exit 1; }`;
}

const linkLines = (path: string, target: string): string =>
  `${enter(path)}
[ -h ${quote(`./${path}`)} ] && rm -f ${quote(`./${path}`)}
ln -s ${quote(target)} ${quote(`./${path}`)} || exit 1`;
