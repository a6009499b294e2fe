import { LabError } from '../../core/errors.js';
import type { ExecOptions, ExecResult } from '../../core/ports.js';
import { exportLines, quote, quoteAll } from '../../core/posix.js';
import { frameClose, frameOpen, readFrame } from '../ssh/frame.js';
import { newMark } from '../ssh/framed-shell.js';
import type { Shells } from '../ssh/shells.js';
import { neverStarted, openAnswer } from './exec-answer.js';

/** TERM, a second, KILL, and the way back. */
const AFTER_END_MS = 8000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Numbers of Linux; a shell reports 128 + n. */
const SIGNALS: Record<number, string> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  6: 'SIGABRT',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  15: 'SIGTERM',
}; // prettier-ignore

/**
 * Runs a command in a process group of its own on the host. The group is ended when this side lets go of it: at the time
 * limit, at an abort, and also when the connection is lost or this process dies.
 */
export async function execRemote(
  shells: Shells,
  argv: readonly string[],
  { cwd, env = {}, onlyEnv = false, timeoutMs, maxBytes, signal }: ExecOptions,
): Promise<ExecResult> {
  const answer = openAnswer(argv, maxBytes);
  if (argv[0]?.startsWith('-') === true)
    throw new LabError(`"${argv[0]}" is not a program`, 'a command starts with a program');
  if (signal?.aborted === true) return neverStarted(answer);
  let timedOut = false;

  const { channel, release } = await shells.own();
  const mark = newMark();
  const frames = [
    readFrame(mark, (part) => answer.out.push(part)),
    readFrame(mark, (part) => answer.err.push(part)),
  ] as const;
  channel.stdout.on('data', (chunk: Uint8Array) => frames[0].push(chunk));
  channel.stderr.on('data', (chunk: Uint8Array) => frames[1].push(chunk));
  const timers = new Set<NodeJS.Timeout>();
  const later = (ms: number, act: () => void) => timers.add(setTimeout(act, Math.min(ms, LONGEST_TIMER_MS)));
  let giveUp: (why: Error) => void = () => undefined;
  const given = new Promise<Error>((resolve) => {
    giveUp = resolve;
  });
  let asked = false;
  const end = (): void => {
    if (asked) return;
    asked = true;
    channel.stdin.end();
    later(AFTER_END_MS, () =>
      giveUp(new LabError('the host does not answer any more', 'the command was told to end')),
    );
  };
  if (timeoutMs !== undefined)
    later(timeoutMs, () => {
      timedOut = true;
      end();
    });
  // Holds this process while the command runs.
  const hold = setInterval(() => undefined, 60_000);
  signal?.addEventListener('abort', end, { once: true });
  try {
    channel.stdin.write(commandScript(mark, argv, cwd, env, onlyEnv));
    const first = await Promise.race([
      Promise.all([frames[0].closed, frames[1].closed]),
      channel.ended,
      given,
    ]);
    if (first instanceof Error) {
      answer.late(timedOut);
      if (asked) return answer.give(null, 'SIGKILL', `${first.message}\n`);
      throw first;
    }
    const [code] = first;
    const name = code > 128 ? SIGNALS[code - 128] : undefined;
    answer.late(timedOut && (name !== undefined || code !== 0));
    return answer.give(name === undefined ? code : null, name ?? null);
  } finally {
    clearInterval(hold);
    for (const timer of timers) clearTimeout(timer);
    signal?.removeEventListener('abort', end);
    channel.close();
    release();
  }
}

/**
 * The command reads its environment and itself from a here-document, not from arguments. `timeout 0` makes a process
 * group where there is no setsid. The watcher waits for the end of our input.
 */
function commandScript(
  mark: string,
  argv: readonly string[],
  cwd: string | undefined,
  env: Readonly<Record<string, string>>,
  onlyEnv: boolean,
): string {
  const inner = [
    ...(cwd === undefined
      ? []
      : [
          `cd ${quote(cwd)} 2> /dev/null || { printf '%s\\n' ${quote(`${argv[0]}: cannot start in ${cwd}: no such folder`)} >&2; exit 126; }`,
        ]),
    `${exportLines(env)}exec ${quoteAll(argv)} < /dev/null`,
  ].join('\n');
  return `exec 3<&0
${frameOpen(mark)}
if command -v setsid > /dev/null 2>&1; then g=setsid; else g='timeout 0'; fi
$g ${onlyEnv ? 'env -i ' : ''}/bin/sh 3<&- << '${mark}' &
${inner}
${mark}
p=$!
{ cat <&3 > /dev/null; kill -s TERM -- -$p; sleep 1; kill -s KILL -- -$p; } > /dev/null 2>&1 &
w=$!
wait $p
r=$?
kill -s KILL $w 2> /dev/null
${frameClose(mark, '$r')}
`;
}
