import type { Ending } from '../run.js';

/** One job as squeue or sacct shows it. */
export interface SlurmJob {
  id: string;
  /** In capitals, without the suffix of `CANCELLED by 1000`. */
  state: string;
  /** squeue’s reason: why it waits, or why it ended. `None` and empty are null. */
  reason: string | null;
  node: string | null;
  /** As Slurm writes it: `1-00:00:00`. */
  limit: string | null;
}

/** What a state says of a run. `over`: it will not run (again) under this job. */
export type Standing = 'waits' | 'runs' | 'suspended' | 'over';

const STANDING: Record<string, Standing> = {
  PENDING: 'waits',
  CONFIGURING: 'waits',
  REQUEUED: 'waits',
  REQUEUE_FED: 'waits',
  REQUEUE_HOLD: 'waits',
  SPECIAL_EXIT: 'waits',
  RESV_DEL_HOLD: 'waits',
  RUNNING: 'runs',
  COMPLETING: 'runs',
  STAGE_OUT: 'runs',
  SIGNALING: 'runs',
  RESIZING: 'runs',
  STOPPED: 'suspended',
  SUSPENDED: 'suspended',
  COMPLETED: 'over',
  FAILED: 'over',
  TIMEOUT: 'over',
  DEADLINE: 'over',
  CANCELLED: 'over',
  OUT_OF_MEMORY: 'over',
  NODE_FAIL: 'over',
  BOOT_FAIL: 'over',
  PREEMPTED: 'over',
  REVOKED: 'over',
};

/** A word of a later Slurm is no end: it is waited for. */
export const standingOf = (state: string): Standing => STANDING[state] ?? 'waits';

/** One line of `squeue -o '%i|%T|%r|%l|%N'` or of sacct with the same fields; null for anything else. */
export function parseJob(line: string): SlurmJob | null {
  const [id = '', state = '', reason = '', limit = '', node = ''] = line
    .split('|')
    .map((field) => field.trim());
  const [word = ''] = /^[A-Z_]+/.exec(state) ?? [];
  if (!/^\d+$/.test(id) || word === '') return null;
  const told = (text: string): string | null =>
    text === '' || text === 'None' || text === '(null)' || text === 'None assigned' ? null : text;
  return { id, state: word, reason: told(reason), limit: told(limit), node: told(node) };
}

const REASONS: [RegExp, string][] = [
  [/^Priority$/, 'others come first'],
  [/^Resources$/, 'for free resources'],
  [/^(?:ReqNodeNotAvail|Nodes?Down|NodeNotAvail)/, 'the nodes that it needs are down or reserved'],
  [/^BeginTime$/, 'Slurm starts it again in about two minutes'],
  [/^Dependency$/, 'for another job'],
  [/^DependencyNeverSatisfied$/, 'for a job that has failed: it will never start; stop it'],
  [/^JobHeldUser$/, 'it is held by its user: scontrol release starts it'],
  [/^JobHeldAdmin$/, 'it is held by an administrator'],
  [
    /^(?:launch failed requeued held|JobLaunchFailure|BadConstraints)/,
    'it could not be launched on its node and is held: scontrol release tries again',
  ],
  [/^PartitionTimeLimit$/, 'it asks for more time than the partition gives: it will never start'],
  [/^PartitionNodeLimit$/, 'it asks for more nodes than the partition has: it will never start'],
  [/^Partition(?:Down|Inactive)$/, 'its partition is closed'],
  [/^(?:QOS|Assoc)\w*(?:Limit|Max)\w*|^(?:QOS|Assoc)\w+$/, 'a limit of your account or QOS is reached'],
  [/^Reservation/, 'for its reservation'],
  [/^Licenses$/, 'for a licence'],
  [/^Cleaning$/, 'its last start is being cleaned up'],
];

/** Why a job waits, in words and with Slurm’s own. */
export function waitingWords({ id, state, reason }: SlurmJob): string {
  const again = state.startsWith('REQUEUE') ? ', put back into the queue' : '';
  if (reason === null) return `Slurm job ${id} waits in the queue${again}`;
  const words = REASONS.find(([pattern]) => pattern.test(reason))?.[1];
  return `Slurm job ${id} waits in the queue${again}: ${words === undefined ? reason : `${words} (${reason})`}`;
}

/** Whether a note says no more than that a job awaits its turn: one that is held or can never start needs a person. */
export const isUsualQueueing = (note: string): boolean =>
  /^Slurm job \d+ (?:was submitted|starts|waits in the queue)/.test(note) && !/ held|never start/.test(note);

export interface SchedulerEnd {
  /** Null = the exit record says how it ended; this is only told. */
  ending: Ending | null;
  text: string;
}

/** How Slurm says that a job ended. State, not exit code: a time-out has exit code 0 in sacct. */
export function endOf({ id, state, limit, node, reason }: SlurmJob): SchedulerEnd {
  const where = node === null ? '' : ` on ${node}`;
  const why = reason === null || reason === 'NonZeroExitCode' ? '' : ` (${reason})`;
  const told = (ending: Ending | null, text: string): SchedulerEnd => ({
    ending,
    text: `Slurm job ${id}${where} ${text}`,
  });
  switch (state) {
    case 'TIMEOUT':
      return told(
        'timeout',
        `was ended at Slurm’s time limit${limit === null ? '' : ` (${limit})`}: TIMEOUT`,
      );
    case 'DEADLINE':
      return told('timeout', 'was ended at its deadline: DEADLINE');
    case 'OUT_OF_MEMORY':
      return told('oom', 'used more memory than it asked for: OUT_OF_MEMORY; raise execution.slurm.mem');
    case 'PREEMPTED':
      return told('preempted', 'was preempted by a job of higher priority and not requeued: PREEMPTED');
    case 'NODE_FAIL':
      return told('lost', 'was lost: its node failed (NODE_FAIL)');
    case 'BOOT_FAIL':
      return told('lost', 'was lost: its node could not be booted (BOOT_FAIL)');
    case 'CANCELLED':
    case 'REVOKED':
      return told('stopped', 'was cancelled in Slurm');
    default:
      return told(null, `ended as ${state}${why}`);
  }
}

/** Slurm remembers a job for some minutes only (MinJobAge); where there is accounting, sacct knows it longer. */
export const forgotten = (id: string): SchedulerEnd => ({
  ending: 'lost',
  text: `Slurm no longer knows job ${id}, and it left no exit record`,
});
