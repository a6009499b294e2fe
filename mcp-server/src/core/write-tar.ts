/** What goes into an archive: a file, or a symbolic link with its target as data. */
export interface TarEntry {
  path: string;
  data: Uint8Array;
  kind?: 'file' | 'link' | 'program';
}

const BLOCK = 512;
const ENCODER = new TextEncoder();

/**
 * One member of a tar archive (POSIX.1-2001, pax): a path or a link that the old header has no room for gets a record of
 * its own. `seconds` since 1970 is its time. Nobody's name or number is in it.
 */
export function tarMember(entry: TarEntry, seconds: number): Uint8Array[] {
  const link = entry.kind === 'link' ? new TextDecoder().decode(entry.data) : '';
  const data = entry.kind === 'link' ? new Uint8Array() : entry.data;
  const long = [
    ...(fits(entry.path) ? [] : [record('path', entry.path)]),
    ...(fits(link) ? [] : [record('linkpath', link)]),
  ].join('');
  const type = entry.kind === 'link' ? '2' : '0';
  const mode = entry.kind === 'program' ? 0o755 : 0o644;
  const extra =
    long === ''
      ? []
      : [
          ...withData(
            header('PaxHeader', 'x', 0o644, ENCODER.encode(long).length, seconds, ''),
            ENCODER.encode(long),
          ),
        ];
  return [...extra, ...withData(header(entry.path, type, mode, data.length, seconds, link), data)];
}

/** Two empty blocks end an archive. */
export const tarEnd = (): Uint8Array => new Uint8Array(2 * BLOCK);

const fits = (text: string): boolean => ENCODER.encode(text).length <= 100 && /^[\x20-\x7e]*$/.test(text);

/** `length key=value\n`, where the length counts itself. */
function record(key: string, value: string): string {
  const body = ` ${key}=${value}\n`;
  const size = ENCODER.encode(body).length;
  let length = size + String(size).length;
  if (size + String(length).length !== length) length = size + String(length).length;
  return `${length}${body}`;
}

function withData(head: Uint8Array, data: Uint8Array): Uint8Array[] {
  const rest = (BLOCK - (data.length % BLOCK)) % BLOCK;
  return [head, data, new Uint8Array(rest)];
}

function header(
  path: string,
  type: string,
  mode: number,
  size: number,
  seconds: number,
  link: string,
): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (text: string, at: number, length: number): void =>
    block.set(ENCODER.encode(text).subarray(0, length), at);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  put(path, 0, 100);
  put(octal(mode, 7), 100, 8);
  put(octal(0, 7), 108, 8);
  put(octal(0, 7), 116, 8);
  put(octal(size, 11), 124, 12);
  put(octal(Math.max(0, Math.floor(seconds)), 11), 136, 12);
  put('        ', 148, 8);
  put(type, 156, 1);
  put(link, 157, 100);
  put('ustar\0', 257, 6);
  put('00', 263, 2);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8);
  return block;
}
