import { MARKER } from '../marker.js';
import { quote, quoteAll } from '../posix.js';
import { parseWarning, type SlurmRequest } from './settings.js';

/** What the batch script is made of. Every value is quoted for POSIX sh. */
export interface JobScript {
  /** The run’s folder on the shared file system. */
  folder: string;
  argv: readonly string[];
  cwd: string;
  marker: string;
  /** The wrapper’s text: claims the record folder, runs the command, writes how it ended. */
  wrapper: string;
  request: SlurmRequest;
}

/** By this name a job is found again when whoever submitted it was killed before writing down its number. */
export const jobName = (marker: string): string => marker.replace(/[^A-Za-z0-9_.-]/g, '-');

/** The signal by which the batch script is asked to end the training hard and still write the record. */
export const HARD_SIGNAL = 'ALRM';

/**
 * The script that Slurm runs on the node. It claims the run for its own job, so that of two jobs only one trains; after a
 * requeue the records of the life before are put aside, never deleted, and the log goes on. The wrapper runs in the
 * background because a shell acts on a signal only while it waits. What the training leaves behind is ended, as Slurm does where
 * it follows processes by control groups.
 */
export function jobScript({ folder, argv, cwd, marker, wrapper, request }: JobScript): string {
  const warning = request.signal === null ? null : parseWarning(request.signal);
  return `#!/bin/sh
d=${quote(folder)}
say() { printf 'auto-experiment: %s\\n' "$*" >&2; }
cd "$d/record" || { say "the run's folder is not on this node: $d"; exit 96; }
ln -s "job=$SLURM_JOB_ID" job 2> /dev/null
[ "$(readlink job)" = "job=$SLURM_JOB_ID" ] || { say "this run belongs to another job: $(readlink job)"; exit 97; }
n=\${SLURM_RESTART_COUNT:-0}
if [ -h started ]; then
  case $(readlink started) in void*) exit 97 ;; esac
  [ "$n" -gt 0 ] || exit 97
  say "started again by Slurm (restart $n)"
  for f in exited warned where started; do [ ! -h "$f" ] || mv "$f" "$f.$n" || exit 96; done
fi
ln -s "node=\${SLURMD_NODENAME:-$(uname -n)};gpus=\${SLURM_JOB_GPUS:-}" where
cd ${quote(cwd)} || { say "there is no such folder on this node: "${quote(cwd)}; exit 96; }
${request.setup.map((line) => `${line}\n`).join('')}w=
hard() { for f in $(grep -lF ${quote(`${MARKER}=${marker}`)} /proc/[0-9]*/environ 2> /dev/null); do p=\${f#/proc/}; p=\${p%/environ}
[ "$p" = $$ ] || [ "$p" = "$w" ] || kill -s KILL "$p" 2> /dev/null; done; }
trap hard ${HARD_SIGNAL}
trap : HUP INT TERM USR1 USR2
${
  warning === null
    ? ''
    : `warn() { ln -s "signal=${warning.name};t=$(date +%s)" "$d/record/warned" 2> /dev/null
i=0; while [ "$i" -lt 100 ]; do c=
[ ! -h "$d/record/started" ] || { read -r c x < "/proc/$w/task/$w/children"; } 2> /dev/null
[ -z "$c" ] || { kill -s ${warning.name} "$c"; return; }
i=$((i + 1)); sleep 0.1; done; }
trap warn ${warning.name}
`
}/bin/sh -c ${quote(wrapper)} auto-experiment "$d/record" ${quoteAll(argv)} < /dev/null &
w=$!
while kill -s 0 "$w" 2> /dev/null; do wait "$w"; r=$?; done
hard
exit "$r"
`;
}

/** Options of sbatch, quoted by whoever runs it. Those of the config come before those that must hold. */
export function sbatchOptions({
  folder,
  marker,
  request,
}: Pick<JobScript, 'folder' | 'marker' | 'request'>): string[] {
  const warning = request.signal === null ? null : parseWarning(request.signal);
  return [
    '--nodes=1',
    '--ntasks=1',
    ...resources(request),
    ...request.extra,
    '--parsable',
    `--job-name=${jobName(marker)}`,
    `--chdir=${folder}`,
    '--input=none',
    // A percent sign begins a pattern in names of files.
    `--output=${folder.replaceAll('%', '%%')}/log`,
    '--open-mode=append',
    '--export=ALL',
    '--kill-on-invalid-dep=yes',
    request.requeue ? '--requeue' : '--no-requeue',
    ...(warning === null ? [] : [`--signal=B:${warning.name}@${warning.seconds}`]),
  ];
}

function resources({ partition, account, qos, gres, gpus, cpus, mem, minutes }: SlurmRequest): string[] {
  const wanted = gpus === 0 ? null : `${gres}:${gpus}`;
  const given = { partition, account, qos, gres: wanted, 'cpus-per-task': cpus, mem, time: minutes };
  return Object.entries(given).flatMap(([name, value]) => (value == null ? [] : [`--${name}=${value}`]));
}

/** How long a dry run waits for a place in the queue, in seconds. */
const DRY_WAIT_S = 600;

/** A short run on a node, in the foreground. `seconds`: after which it is ended with exit code 124. */
export function srunCommand(
  request: SlurmRequest,
  argv: readonly string[],
  seconds: number,
): { argv: string[]; waitSeconds: number } {
  const whole = Math.ceil(seconds);
  const minutes = Math.ceil(whole / 60) + 1;
  const inner = `${request.setup.map((line) => `${line}\n`).join('')}exec timeout -k 5 ${whole} "$@"`;
  return {
    argv: [
      ...[
        'srun',
        '--quiet',
        '--nodes=1',
        '--ntasks=1',
        ...resources({ ...request, minutes }),
        ...request.extra,
      ],
      ...['--job-name=dry-run', `--immediate=${DRY_WAIT_S}`, '--export=ALL', '--kill-on-bad-exit=1'],
      ...['/bin/sh', '-c', inner, 'dry-run', ...argv],
    ],
    waitSeconds: DRY_WAIT_S,
  };
}
