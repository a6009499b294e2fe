/**
 * POSIX sh, run as `sh -c TIED auto-experiment PID argv…` in a process group of its own. It becomes the command; beside
 * it a watcher ends the whole group when the process PID is gone, and itself soon after the command.
 */
const TIED = `p=$1; shift
(
  trap '' TERM
  while kill -0 $$; do
    kill -0 "$p" || { kill -TERM 0; sleep 5; kill -KILL 0; }
    sleep 1
  done
) > /dev/null 2>&1 < /dev/null &
exec "$@"`;

/**
 * The command, tied to this process: when this one is killed nobody is left to keep its time limit or to give back its
 * GPU, so it is ended too, within seconds. For short work only; a training outlives whoever started it.
 */
export function tied(argv: readonly string[]): string[] {
  return ['/bin/sh', '-c', TIED, 'auto-experiment', String(process.pid), ...argv];
}
