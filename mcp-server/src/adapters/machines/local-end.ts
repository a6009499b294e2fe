import type { Readable } from 'node:stream';
import { errorCode } from '../../core/errors.js';

/** From the polite signal to the one that cannot be refused. */
const KILL_AFTER_MS = 1000;

/** After the command's end its pipes may be held open by something it left behind: read until they are quiet. */
const QUIET_MS = 500;
const DRAIN_MS = 5000;

/** A started command that leads a process group of its own. */
export interface GroupLeader {
  readonly pid?: number | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  once(event: 'exit', listener: () => void): unknown;
}

export interface Life {
  /** Ends the whole group: SIGTERM, then SIGKILL for whoever is left. */
  end(): void;
  /** Whether the command itself has ended; its pipes may still be open. */
  exited(): boolean;
  /** Drops the timers, when all is over. */
  forget(): void;
}

/**
 * Sees to it that a command can be ended with all that it started, and that its pipes are closed soon after its end,
 * whoever else holds them. `reads` counts the chunks read so far.
 */
export function watchEnd(child: GroupLeader, reads: () => number): Life {
  const timers = new Set<NodeJS.Timeout>();
  let exited = false;
  let ending = false;
  const later = (ms: number, fn: () => void) => timers.add(setTimeout(fn, ms));
  const closePipes = () => {
    // Twice round the loop, so that what lies in the pipes is read before they are closed.
    setImmediate(() =>
      setImmediate(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }),
    );
  };
  const killGroup = () => {
    signalGroup(child.pid, 'SIGKILL');
    closePipes();
  };
  const closeWhenQuiet = (before: number) => {
    later(QUIET_MS, () => (reads() === before ? closePipes() : closeWhenQuiet(reads())));
  };
  child.once('exit', () => {
    exited = true;
    // The leader heeded the polite signal; whoever is left of its group did not.
    if (ending) return killGroup();
    closeWhenQuiet(reads());
    later(DRAIN_MS, closePipes);
  });
  return {
    end() {
      if (ending) return;
      ending = true;
      // The number of a group without its leader may be given away: it is not signalled any more.
      if (exited) return closePipes();
      signalGroup(child.pid, 'SIGTERM');
      later(KILL_AFTER_MS, killGroup);
    },
    exited: () => exited,
    forget() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

function signalGroup(pid: number | undefined, name: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch (error) {
    // Nobody is left; EPERM is what macOS says of a group of zombies.
    if (errorCode(error) !== 'ESRCH' && errorCode(error) !== 'EPERM') throw error;
  }
}
