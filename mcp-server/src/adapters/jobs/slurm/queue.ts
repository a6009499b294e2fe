import { quote } from '../../../core/posix.js';
import { parseJob, type SlurmJob, standingOf } from '../../../core/slurm/states.js';

/** What Slurm said of one job, and when. Times in milliseconds. */
export interface Answer {
  /** Null = it is not among the jobs that Slurm remembers. */
  job: SlurmJob | null;
  at: number;
  /** Since when it is missing or over; null = neither. */
  since: number | null;
}

const FIELDS = '%i|%T|%r|%l|%N';
const LINE = '@slurm ';
/** squeue tries for longer when the controller is away; meanwhile nothing else is seen of the runs. */
const PATIENCE_S = 5;
/** What timeout(1) ends with. */
const TIMED_OUT = 124;

/**
 * What is known of jobs by their numbers. All are asked after in one `squeue`, rarely: a cluster serves many. Those that
 * squeue has forgotten are looked up with `sacct` in the same script, where there is accounting.
 */
export function createQueue() {
  const known = new Map<string, Answer>();
  let lastAsk = Number.NEGATIVE_INFINITY;
  let outage: { since: number; text: string } | null = null;

  return {
    of: (id: string): Answer | undefined => known.get(id),
    lastAsk: (): number => lastAsk,
    outage: () => outage,
    /** Something was done: what is known is old. */
    hurry(): void {
      lastAsk = Number.NEGATIVE_INFINITY;
    },
    /** Shell text for `LookOptions.also`, about these jobs as far as their numbers are known already. */
    script(ids: readonly string[]): string {
      const missing = ids.filter((id) => known.get(id)?.job === null);
      const accounting =
        missing.length === 0
          ? ''
          : `command -v sacct > /dev/null && sacct -n -X -P -j ${quote(missing.slice(0, 200).join(','))} -o JobIDRaw,State,Reason,Timelimit,NodeList 2> /dev/null
`;
      return `[ -z "$J" ] || { timeout ${PATIENCE_S} squeue -h -t all -j "\${J#,}" -o ${quote(FIELDS)} 2>&1; printf '%s%s\\n' '${LINE}' $?
${accounting}}`;
    },
    take(text: string, ids: readonly string[], now: number): void {
      lastAsk = now;
      if (text.trim() === '') return;
      const lines = text.split('\n');
      const end = lines.findIndex((line) => line.startsWith(LINE));
      const said = lines.slice(0, Math.max(0, end));
      const code = end < 0 ? 1 : Number(lines[end]?.slice(LINE.length));
      const errors = said.filter((line) => /error:/.test(line));
      // One forgotten number among others is told as an error of the whole question.
      if (code !== 0 && !(errors.length > 0 && errors.every((line) => /Invalid job id/i.test(line)))) {
        const late = code === TIMED_OUT ? `no answer within ${PATIENCE_S} s` : undefined;
        const why =
          errors.find((line) => !/Invalid job id/i.test(line)) ?? late ?? said.at(-1) ?? 'squeue failed';
        outage = { since: outage?.since ?? now, text: why.replace(/^.*?error: */, '').trim() };
        return;
      }
      if (end < 0) return;
      outage = null;
      const jobs = new Map<string, SlurmJob>();
      for (const line of [...lines.slice(end + 1), ...said]) {
        const job = parseJob(line);
        if (job !== null) jobs.set(job.id, job);
      }
      for (const id of ids) {
        const job = jobs.get(id) ?? null;
        const before = known.get(id);
        const isOver = job === null || standingOf(job.state) === 'over';
        const same = before?.since != null && before.job?.state === job?.state;
        known.set(id, { job, at: now, since: isOver ? (same ? before.since : now) : null });
      }
    },
  };
}
