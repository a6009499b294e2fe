import { LabError } from '../../core/errors.js';
import { quote } from '../../core/posix.js';
import { assertWritableName, linkRefused, refused, splitRelative } from '../../store/beneath.js';
import { type FilePart, type Listed, wholeCharacters } from '../../store/beneath-files.js';
import { askThere, freshMark, type Host, lines } from './ask.js';

const FILE_MS = 60_000;
const MAX_NAMES = 20_000;

/**
 * Goes into a folder below `root` there and stays in it: whatever its name points to meanwhile, what follows happens in
 * the folder that was looked at. `make` makes those that are missing. Ends the script with a word where it cannot.
 */
const enter = (root: string, parts: readonly string[], make: boolean): string => {
  const steps = parts.map(
    (part) => `[ ! -h ${quote(`./${part}`)} ] || say link
${make ? `[ -e ${quote(`./${part}`)} ] || mkdir ${quote(`./${part}`)} || exit 1\n` : ''}[ -e ${quote(`./${part}`)} ] || say absent
[ -d ${quote(`./${part}`)} ] || say link
cd ${quote(`./${part}`)} || exit 1`,
  );
  return `say() { echo "$1"; exit 0; }
cd ${quote(root)} || exit 1
w=$(pwd -P)
${steps.join('\n')}
[ "$(pwd -P)" = "$w"${parts.map((part) => quote(`/${part}`)).join('')} ] || say link`;
};

/** Up to `maxBytes` of a file below `root` there, from byte `offset`. Throws LabError for what is outside or no plain file. */
export async function readBeneathThere(
  host: Host,
  root: string,
  path: string,
  { offset, maxBytes }: { offset: number; maxBytes: number },
): Promise<FilePart> {
  const parts = splitRelative(path);
  const name = parts.pop();
  if (name === undefined) throw refused(path, 'it is the folder itself', 'name a file in it');
  const file = quote(`./${name}`);
  // What was opened is looked at, not what the name means by then.
  const answer = await askThere(
    host,
    `${enter(root, parts, false)}
${lookAt(file)}
exec 3< ${file} || exit 1
[ "$(readlink /proc/self/fd/3)" = "$(pwd -P)"${quote(`/${name}`)} ] || say link
s=$(stat -L -c '%h %s' /proc/self/fd/3) || exit 1
[ "\${s%% *}" = 1 ] || say "links \${s%% *}"
echo "ok \${s#* }"
tail -c +${offset + 1} <&3 | head -c ${maxBytes}`,
    FILE_MS,
  );
  const end = answer.indexOf('\n');
  const size = Number(accepted(answer.toString('latin1', 0, end), path));
  const data = answer.subarray(end + 1);
  const more = data.length > 0 && offset + data.length < size;
  const shown = data.subarray(0, more ? wholeCharacters(data) : data.length);
  return {
    text: shown.toString('utf8'),
    binary: shown.includes(0),
    size,
    next: more ? offset + shown.length : null,
  };
}

/** Writes a whole file below `root` there, making the folders on its way; its permissions stay. Throws LabError. */
export async function writeBeneathThere(host: Host, root: string, path: string, text: string): Promise<void> {
  const parts = splitRelative(path);
  const name = parts.pop();
  if (name === undefined || path.endsWith('/')) throw refused(path, 'it names a folder', 'name a file');
  assertWritableName(path);
  const [file, temp] = [quote(`./${name}`), quote(`./.ae-write-${freshMark()}`)];
  const base64 = Buffer.from(text).toString('base64');
  const rows = base64 === '' ? [] : (base64.match(/.{1,4096}/g) ?? []);
  const answer = await askThere(
    host,
    `${enter(root, parts, true)}
if [ -e ${file} ] || [ -h ${file} ]; then
${lookAt(file)}
n=$(stat -c %h ${file}); [ "$n" = 1 ] || say "links $n"
cp -p ${file} ${temp} || exit 1
fi
${lines(`base64 -d > ${temp}`, rows)}
[ $? = 0 ] || { rm -f ${temp}; exit 1; }
mv -fT ${temp} ${file} 2> /dev/null || { [ ! -d ${file} ] && mv -f ${temp} ${file}; } || { rm -f ${temp}; exit 1; }
echo ok`,
    FILE_MS,
  );
  accepted(answer.toString('utf8').trim(), path);
}

/** What lies in a folder below `root` there, folders followed at once by their contents. Links are shown, never followed. */
export async function listBeneathThere(
  host: Host,
  root: string,
  path: string,
  limits: { maxEntries: number; depth: number },
): Promise<{ entries: Listed[]; truncated: boolean }> {
  const parts = splitRelative(path);
  const answer = await askThere(
    host,
    `${enter(root, parts, false)}
echo ok
find . -mindepth 1 -maxdepth ${limits.depth} -exec stat -c '%f|%s|%n' {} + 2> /dev/null | head -n ${MAX_NAMES}`,
    FILE_MS,
  );
  const [state = '', ...rows] = answer.toString('utf8').split('\n');
  accepted(state, path);
  const found = rows.flatMap((row): (Listed & { key: string })[] => {
    const [, mode = '', bytes, name] = /^([0-9a-f]+)\|(\d+)\|\.\/(.+)$/.exec(row) ?? [];
    if (name === undefined) return [];
    const kind = kindOf(Number.parseInt(mode, 16));
    const whole = [...parts, name].join('/');
    return [
      { path: whole, kind, bytes: kind === 'file' ? Number(bytes) : null, key: whole.replaceAll('/', '\0') },
    ];
  });
  found.sort((a, b) => (a.key < b.key ? -1 : 1));
  const entries = found.slice(0, limits.maxEntries).map(({ key: _, ...entry }) => entry);
  return { entries, truncated: entries.length < found.length || rows.length > MAX_NAMES };
}

const lookAt = (file: string): string => `[ ! -h ${file} ] || say link
[ -e ${file} ] || say absent
[ ! -d ${file} ] || say folder
[ -f ${file} ] || say other`;

function kindOf(mode: number): Listed['kind'] {
  const kind = mode & 0o170000;
  if (kind === 0o100000) return 'file';
  if (kind === 0o040000) return 'folder';
  return kind === 0o120000 ? 'link' : 'other';
}

/** What the script says after `ok`. Throws LabError in the words of this computer's own refusals. */
function accepted(said: string, path: string): string {
  if (said === 'ok' || said.startsWith('ok ')) return said.slice(3);
  if (said === 'absent')
    throw new LabError(
      `there is no "${path.slice(0, 200)}"`,
      'list the folder to see what there is; paths count from the folder of the project on the host',
    );
  if (said === 'folder') throw refused(path, 'it is a folder', 'name a file in it, or list it');
  if (said === 'other')
    throw refused(path, 'it is not a regular file', 'only regular files are read and written');
  if (said.startsWith('links '))
    throw refused(
      path,
      `it has ${said.slice(6)} hard links, so it is also known by another name`,
      'make a copy of it and use that',
    );
  throw linkRefused(path);
}
