/** What an archive may hold. Beyond it nothing is unpacked. */
export interface TarLimits {
  members: number;
  bytesEach: number;
  bytes: number;
  depth: number;
}

export interface TarMember {
  path: string;
  data: Uint8Array;
}

const BLOCK = 512;
const PATH = /^[^\0-\x1f\x7f\\:*?"<>|]{1,240}$/;

/** True for the header of a tar archive: its checksum fits. */
export function isTar(bytes: Uint8Array): boolean {
  return bytes.length >= BLOCK && checksumFits(bytes.subarray(0, BLOCK));
}

/**
 * The regular files of a tar archive (ustar, pax and GNU long names). Links, devices, absolute paths, `..`, names with
 * control characters and members over the limits are refused one by one, with the reason; a whole archive over the limits
 * ends there. Nothing is written.
 */
export function readTar(bytes: Uint8Array, limits: TarLimits): { files: TarMember[]; refused: string[] } {
  const files: TarMember[] = [];
  const refused: string[] = [];
  let total = 0;
  let members = 0;
  let longName: string | null = null;
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const header = bytes.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) break;
    if (!checksumFits(header)) {
      refused.push('the archive is damaged from here on');
      break;
    }
    const size = octal(header.subarray(124, 136));
    const type = String.fromCharCode(header[156] ?? 0);
    const begin = at + BLOCK;
    if (size === null || begin + size > bytes.length) {
      refused.push('the archive ends within a member');
      break;
    }
    at = begin + Math.ceil(size / BLOCK) * BLOCK;
    const data = bytes.subarray(begin, begin + size);
    // A long name stands before its member: GNU's as it is, pax's among other records.
    if (type === 'L') longName = text(data);
    else if (type === 'x') longName = paxPath(data) ?? longName;
    else if (type !== 'g' && type !== 'K') {
      const prefix = text(header.subarray(345, 500));
      const name: string = longName ?? (prefix === '' ? '' : `${prefix}/`) + text(header.subarray(0, 100));
      longName = null;
      if (type === '5') continue;
      members += 1;
      if (members > limits.members) {
        refused.push(`more than ${limits.members} members: the rest is not read`);
        break;
      }
      const why = reasonAgainst(name, type, size, limits);
      if (why !== null) refused.push(`${printable(name)}: ${why}`);
      else {
        total += size;
        if (total > limits.bytes) {
          refused.push(`more than ${limits.bytes} bytes: the rest is not read`);
          break;
        }
        files.push({ path: clean(name), data });
      }
    }
  }
  return { files, refused };
}

function reasonAgainst(name: string, type: string, size: number, limits: TarLimits): string | null {
  if (type === '1' || type === '2') return 'a link';
  if (type !== '0' && type !== '\0' && type !== '7') return 'no regular file';
  const path = clean(name);
  if (name.startsWith('/') || /^[a-z]:/i.test(name)) return 'an absolute path';
  const parts = path.split('/');
  if (parts.includes('..')) return 'a path that climbs with ".."';
  if (path === '' || !PATH.test(path)) return 'a name that is empty, too long or has forbidden characters';
  if (parts.length > limits.depth) return `deeper than ${limits.depth} folders`;
  return size > limits.bytesEach ? `larger than ${limits.bytesEach} bytes` : null;
}

const clean = (name: string): string =>
  name
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');

const printable = (name: string): string => name.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function octal(bytes: Uint8Array): number | null {
  // GNU marks a binary number by the first bit; archives of that size are over every limit.
  if (((bytes[0] ?? 0) & 0x80) !== 0) return null;
  const digits = text(bytes).trim();
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || '0', 8) : null;
}

/** The sum over the header with its own field as spaces (POSIX ustar). */
function checksumFits(header: Uint8Array): boolean {
  let sum = 0;
  for (const [i, byte] of header.entries()) sum += i >= 148 && i < 156 ? 32 : byte;
  const told = octal(header.subarray(148, 156));
  return told !== null && told === sum && sum > 8 * 32;
}

/** `LENGTH path=NAME\n` among the records of a pax header. */
function paxPath(data: Uint8Array): string | null {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(new TextDecoder().decode(data))?.[1] ?? null;
}
