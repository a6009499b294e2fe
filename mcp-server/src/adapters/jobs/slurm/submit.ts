import { randomBytes } from 'node:crypto';
import { LabError, LaterError } from '../../../core/errors.js';
import { MARKER } from '../../../core/marker.js';
import type { JobSpec, Machine } from '../../../core/ports.js';
import { exportLines, quote, quoteAll } from '../../../core/posix.js';
import { jobName, jobScript, sbatchOptions } from '../../../core/slurm/job-script.js';
import type { SlurmRequest } from '../../../core/slurm/settings.js';
import { clip, oneLine } from '../../../core/text.js';
import { makeFolder } from '../folder.js';
import { folderThere } from '../run-there.js';
import { WRAPPER } from '../wrapper.js';

const SUBMIT_MS = 60_000;

/**
 * Submits a run as one job, at most once: it asks first whether a job of that name is known (whoever submitted it may have
 * been killed), and of two that submit at once one takes its job back. Even then only the job that the folder names
 * trains. Values of variables travel in the environment, which Slurm keeps for a requeue; they are in no argument and in
 * no file of ours. Throws LaterError while Slurm does not answer or a limit is reached, LabError for what it refuses.
 */
export async function submit(
  machine: Pick<Machine, 'name' | 'exec' | 'script'>,
  spec: JobSpec,
  request: SlurmRequest,
): Promise<void> {
  const folder = folderThere(spec);
  const env = { ...spec.env, AUTO_EXPERIMENT_RUN_DIR: `${folder}/files`, [MARKER]: spec.marker };
  const script = submitScript(spec, request, folder);
  if ((spec.place ?? null) !== null) {
    const { code, stderr } = await machine.script(`${exportLines(env)}${script}`, SUBMIT_MS);
    if (code !== 0) throw refusal(machine.name, code, stderr);
    return;
  }
  // Here nothing of our own environment goes along.
  const options = { env, onlyEnv: true, timeoutMs: SUBMIT_MS };
  const { code, stderr, timedOut } = await machine.exec(['/bin/sh', '-c', script], options);
  if (code !== 0) throw refusal(machine.name, code, timedOut ? 'no answer in time: try again' : stderr);
}

/** Exported for the test that keeps it as it is. */
export function submitScript(
  { argv, cwd, marker }: Pick<JobSpec, 'argv' | 'cwd' | 'marker'>,
  request: SlurmRequest,
  folder: string,
  end = `end-${randomBytes(6).toString('hex')}`,
): string {
  const script = jobScript({ folder, argv, cwd, marker, wrapper: WRAPPER, request });
  return `${makeFolder(folder)}
[ ! -h "$d/record/started" ] && [ ! -h "$d/record/job" ] || exit 0
late() { [ $? = 124 ] && echo 'no answer in time: try again' >&2; exit 1; }
name=${quote(jobName(marker))}
j=$(timeout 5 squeue -h -t all -n "$name" -u "$(id -un)" -o %i) || late
j=$(printf '%s' "$j" | head -n 1)
if [ -z "$j" ]; then
for v in $(env | sed -n 's/^\\(SLURM_[A-Z0-9_]*\\)=.*/\\1/p'); do case $v in SLURM_CONF | SLURM_CLUSTERS) ;; *) unset "$v" ;; esac; done
j=$(timeout 30 sbatch ${quoteAll(sbatchOptions({ folder, marker, request }))} << '${end}'
${script}${end}
) || late
fi
j=\${j%%;*}
ln -s "job=$j" "$d/record/job" 2> /dev/null
[ "$(readlink "$d/record/job")" = "job=$j" ] || scancel "$j"
`;
}

/** Such refusals pass: the controller is away or busy, or a limit of the account is reached for now. */
const PASSING =
  /Unable to contact|Socket timed out|Connection (?:refused|timed out|reset)|Zero Bytes|temporarily|try again|Slurm backup controller|MaxSubmit|job submit limit|SubmitLimit|MaxJobs|slurmctld .*(?:not|down)|Communication connection failure/i;

const HINTS: [RegExp, string][] = [
  [/invalid partition/i, 'correct execution.slurm.partition: sinfo -s lists them'],
  [
    /account|association/i,
    'correct execution.slurm.account or qos: sacctmgr show associations user=$USER lists them',
  ],
  [/qos/i, 'correct execution.slurm.qos'],
  [
    /configuration is not available|gres|Invalid generic resource/i,
    'no node has what is asked for: see gpu.per_run, execution.slurm.gres, cpus and mem, and sinfo -o "%P %G %c %m"',
  ],
  [/time limit/i, 'ask for less time: execution.slurm.time, or experiment.time_limit'],
  [/memory/i, 'ask for less memory: execution.slurm.mem'],
  [/not found/i, 'execution.mode: slurm needs sbatch, squeue and scancel on PATH there'],
];

function refusal(machine: string, code: number | null, stderr: string): LabError {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const said = clip(
    oneLine(lines.findLast((line) => /error|not found/.test(line)) ?? lines.at(-1) ?? ''),
    300,
  );
  const text = said.replace(/^(?:sbatch|squeue): (?:error: )?/, '');
  if (PASSING.test(stderr))
    return new LaterError(`Slurm on ${machine} does not take jobs now: ${text}`, 'it is tried again');
  const full = /No space left|quota exceeded/i.test(stderr);
  if (full)
    return new LaterError(`${machine}: the disk there is full`, 'free some space there, or raise the quota');
  const hint = HINTS.find(([pattern]) => pattern.test(stderr))?.[1] ?? 'see execution.slurm in config.yaml';
  return new LabError(`Slurm on ${machine} refused it: ${text === '' ? `exit code ${code}` : text}`, hint);
}
