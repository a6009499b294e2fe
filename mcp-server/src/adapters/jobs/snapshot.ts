import { randomBytes } from 'node:crypto';
import { dated } from '../../core/dated.js';
import { parseMark } from '../../core/mark.js';
import { splitAt } from '../../core/marked.js';
import { quote } from '../../core/posix.js';
import { type FoundFile, filesFunctions, type Piece, pieceLine, readFound } from './snapshot-files.js';

/** A record of a run, as it is there. `at` in milliseconds of this computer's clock. */
export interface Link {
  text: string;
  fields: Record<string, string>;
  at: number;
}

/** What one look shows of one run. */
export interface Seen {
  started: Link | null;
  exited: Link | null;
  /** Further records by name: of a job of Slurm. */
  links: Record<string, Link>;
  /** Bytes of the log; null when there is none. */
  size: number | null;
  /** From the offset that was asked for. */
  bytes: Uint8Array;
  /** /proc/PID/stat of the wrapper and of its first child. */
  stat: string | null;
  child: string | null;
  /** Files that may hold metrics and changed since the start; absent when they were not looked for. */
  found?: FoundFile[];
  /** What was asked for of such files, in the same order. */
  pieces?: Uint8Array[];
}

export interface Snapshot {
  boot: string;
  seen: Seen[];
  also: string;
}

/** Records of a job of Slurm: its number, and whether it was warned of its time limit. */
const FURTHER = ['job', 'warned'];

export interface Question {
  folder: string;
  /** Bytes of the log that are here already. */
  offset: number;
  /** Most bytes of it to send. */
  most: number;
  /** The folder that it works in, whose files are looked for when that is `due`, and whenever it has ended. */
  files?: { cwd: string; due: boolean; pieces: readonly Piece[] };
}

/**
 * One script that looks at all runs of a host: their records, whether they live, and what is new in their logs. One stat
 * for each run, and two more processes where its log has grown; the rest is the shell itself.
 */
export function snapshotScript(mark: string, questions: readonly Question[], also = ''): string {
  return `look() {
printf '\\n%s run\\n' ${mark}
cd "$1/record" 2> /dev/null || return
S=$(stat -c '%n|%s|%y|%N' started exited ${FURTHER.join(' ')} ../log 2> /dev/null)
printf '%s\\n' "$S"
case $S in *pid=*) p=\${S#*pid=}; p=\${p%%;*}
{ read -r x < "/proc/$p/stat" && printf 'stat|%s\\n' "$x"; { c=; read -r c x < "/proc/$p/task/$p/children"; [ -n "$c" ]; } && read -r x < "/proc/$c/stat" && printf 'child|%s\\n' "$x"; } 2> /dev/null ;;
esac
case $S in *job=[0-9]*) j=\${S##*job=}; J=$J,\${j%%[!0-9]*} ;; esac
case $S in *../log*) s=\${S##*../log|}; s=\${s%%|*}
[ "$s" -gt "$2" ] && { printf '\\n%s bytes\\n' ${mark}; tail -c "+$(($2 + 1))" ../log | head -c "$3"; } ;;
esac
[ -n "$4" ] && { [ "$5" = 1 ] || [ -h exited ]; } && files "$1" "$4"
}
${filesFunctions(mark)}
J=
b=; read -r b < /proc/sys/kernel/random/boot_id; printf '%s|%s\\n' "\${b%%-*}" "$(date '+%s.%N')"
${questions.map(questionLines).join('\n')}
${also === '' ? '' : `printf '\\n%s also\\n' ${mark}\n${also}`}
:`;
}

const questionLines = ({ folder, offset, most, files }: Question): string =>
  [
    `look ${quote(folder)} ${offset} ${most} ${files === undefined ? "'' 0" : `${quote(files.cwd)} ${Number(files.due)}`}`,
    ...(files?.pieces ?? []).map(pieceLine),
  ].join('\n');

export const snapshotMark = (): string => `@${randomBytes(9).toString('hex')}`;

/** `began` and `ended`: when the question left and when the answer came, by this computer's clock. */
export function readSnapshot(mark: string, answer: Uint8Array, began: number, ended: number): Snapshot {
  const parts = splitAt(answer, `\n${mark} `).map((part) =>
    Buffer.from(part.buffer, part.byteOffset, part.length),
  );
  const [boot = '', time = ''] = (parts[0] ?? Buffer.alloc(0)).toString('latin1').trim().split('|');
  // Clocks of two machines differ: records are dated by ours.
  const skew = (began + ended) / 2 - milliseconds(time);
  const seen: Seen[] = [];
  let also = '';
  for (const part of parts.slice(1)) {
    const end = part.indexOf('\n');
    const kind = part.toString('latin1', 0, end);
    const body = part.subarray(end + 1);
    const last = seen.at(-1);
    if (kind === 'run') seen.push(readRun(body.toString('utf8'), skew));
    else if (kind === 'also') also = body.toString('utf8');
    else if (last === undefined) continue;
    else if (kind === 'bytes') last.bytes = body;
    else if (kind === 'files') last.found = readFound(body.toString('utf8'), skew);
    else if (kind === 'piece') last.pieces = [...(last.pieces ?? []), body];
  }
  return { boot, seen, also };
}

/** A run of which nothing is there. */
export const emptySeen = (): Seen => ({
  links: {},
  started: null,
  exited: null,
  size: null,
  bytes: new Uint8Array(0),
  stat: null,
  child: null,
});

function readRun(text: string, skew: number): Seen {
  const found = emptySeen();
  for (const line of text.split('\n')) {
    const [name, size, time] = line.split('|', 3);
    if (name === 'stat' || name === 'child') found[name] = line.slice(name.length + 1);
    else if (name === '../log') found.size = Number(size);
    else if (name !== undefined && line.includes(' -> ')) {
      const target = / -> [`'"]?([^'"\n]*)/.exec(line)?.[1] ?? '';
      const link = { text: target, fields: parseMark(target), at: dated(time ?? '', skew) };
      if (name === 'started' || name === 'exited') found[name] = link;
      else found.links[name] = link;
    }
  }
  return found;
}

/** `1795387456.123456789`; systems without nanoseconds print something else behind the point. */
function milliseconds(time: string): number {
  const [, seconds, fraction] = /^(\d+)(?:\.(\d{3})\d*)?/.exec(time) ?? [];
  return Number(seconds) * 1000 + Number(fraction ?? 500);
}
