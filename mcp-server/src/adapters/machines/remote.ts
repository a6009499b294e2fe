import { randomBytes } from 'node:crypto';
import { LabError } from '../../core/errors.js';
import type { FileSlice, Machine } from '../../core/ports.js';
import { quote } from '../../core/posix.js';
import type { Link } from '../ssh/link.js';
import { createShells } from '../ssh/shells.js';
import { execRemote } from './remote-exec.js';

/** A host reached over a link. Needs /bin/sh and coreutils there, nothing else. */
export interface RemoteMachine extends Machine {
  close(): void;
}

const FILE_MS = 60_000;

/** Errors of files carry the system's code (ENOENT, EACCES, …), as those of this computer do. */
export function remoteMachine(link: Link): RemoteMachine {
  const shells = createShells(link);
  const ask = async (script: string, path: string): Promise<Buffer> => {
    const { code, stdout, stderr } = await shells.ask(script, FILE_MS);
    if (code !== 0) throw fileError(link.name, path, stderr.toString('utf8'));
    return stdout;
  };
  return {
    name: link.name,
    exec: (argv, options = {}) => execRemote(shells, argv, options),
    script: async (text, timeoutMs) => {
      const { code, stdout, stderr } = await shells.ask(text, timeoutMs);
      return { code, stdout, stderr: stderr.toString('utf8') };
    },
    read: (path) => ask(`cat < ${quote(path)}`, path),
    async write(path, data) {
      await ask(writeScript(path, data), path);
    },
    async list(path) {
      // A folder that holds nothing leaves the patterns themselves, which name nothing.
      const script = `cd ${quote(path)} || exit 1\nfor f in * .*; do\n[ -e "$f" ] || [ -h "$f" ] || continue\n[ "$f" = . ] || [ "$f" = .. ] || printf '%s\\0' "$f"\ndone`;
      const names = (await ask(script, path)).toString('utf8').split('\0');
      return names.filter((name) => name !== '').sort();
    },
    readFrom: async (path, offset, maxBytes) =>
      sliceOf(await ask(sliceScript(path, offset, maxBytes), path), path),
    close: () => shells.close(),
  };
}

/** Beside the file and then in its place, with the permissions that it had. */
function writeScript(path: string, data: string | Uint8Array): string {
  const folder = path.slice(0, Math.max(1, path.lastIndexOf('/')));
  const temp = `${folder}/.ae-write-${randomBytes(6).toString('hex')}`;
  const base64 = Buffer.from(data)
    .toString('base64')
    .replace(/.{1,4096}/g, '$&\n');
  return [
    `f=${quote(path)} t=${quote(temp)}`,
    `mkdir -p ${quote(folder)} || exit 1`,
    `trap 'rm -f "$t"' EXIT`,
    `[ ! -f "$f" ] || cp -p "$f" "$t" || exit 1`,
    `base64 -d > "$t" << 'AE_DATA' || exit 1`,
    `${base64}AE_DATA`,
    `sync "$t" 2> /dev/null`,
    `mv -f "$t" "$f"`,
  ].join('\n');
}

const sliceScript = (path: string, offset: number, maxBytes: number): string =>
  [
    `f=${quote(path)}`,
    `[ -e "$f" ] || { echo absent; exit 0; }`,
    `[ -f "$f" ] || { echo other; exit 0; }`,
    `s=$(stat -Lc '%s %d:%i' "$f") || exit 1`,
    `echo "$s"`,
    `[ "\${s%% *}" -le ${offset} ] || tail -c +${offset + 1} "$f" | head -c ${maxBytes}`,
  ].join('\n');

function sliceOf(answer: Buffer, path: string): FileSlice | null {
  const end = answer.indexOf('\n');
  const head = answer.toString('latin1', 0, end);
  if (head === 'absent') return null;
  if (head === 'other') throw new LabError(`${path} is not a plain file`, 'only plain files can be followed');
  const [size, id] = head.split(' ');
  return { bytes: answer.subarray(end + 1), size: Number(size), id: id ?? '' };
}

const CODES: readonly [RegExp, string][] = [
  [/No such file or directory|can't cd|cannot open .*: No such|nonexistent/i, 'ENOENT'],
  [/Permission denied|Operation not permitted/i, 'EACCES'],
  [/Is a directory/i, 'EISDIR'],
  [/Not a directory/i, 'ENOTDIR'],
  [/File exists/i, 'EEXIST'],
  [/No space left/i, 'ENOSPC'],
  [/Disk quota exceeded/i, 'EDQUOT'],
  [/Read-only file system/i, 'EROFS'],
];

function fileError(host: string, path: string, said: string): Error {
  const code = CODES.find(([pattern]) => pattern.test(said))?.[1];
  const error = new Error(
    `${code ?? 'EIO'}: ${said.trim().split('\n').at(-1) ?? 'failed'}, '${path}' on ${host}`,
  );
  return Object.assign(error, { code: code ?? 'EIO', path });
}
