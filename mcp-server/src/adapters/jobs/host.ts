import { LabError } from '../../core/errors.js';
import { markNumber } from '../../core/mark.js';
import { MARKER } from '../../core/marker.js';
import type { Clock, JobHandle, JobSpec, JobState, Jobs, Machine, Survivor } from '../../core/ports.js';
import { exportLines, quote, quoteAll } from '../../core/posix.js';
import { parseStat } from '../../core/proc-stat.js';
import { scriptError } from '../../core/script-error.js';
import { logHere, mirror, mirrorExit } from './mirror.js';
import { createFilesMirror, type FilesMirror } from './mirror-files.js';
import { folderThere } from './run-there.js';
import { type Question, readSnapshot, type Seen, snapshotMark, snapshotScript } from './snapshot.js';
import { createWatch } from './watch.js';
import { WRAPPER } from './wrapper.js';

const SCRIPT_MS = 30_000;
/** Most bytes of logs in one answer, over all runs and of one. */
const ALL_BYTES = 4 << 20;
const RUN_BYTES = 1 << 20;

type HostMachine = Pick<Machine, 'name' | 'script'>;

/** Detached processes of a machine that is reached by scripts: the same wrapper and records as on this computer. */
export function hostJobs(machine: HostMachine, clock: Clock): Jobs {
  const missing = new Set<string>();
  const files = createFilesMirror(clock);

  const round = async (handles: readonly JobHandle[]): Promise<JobState[]> => {
    const { seen, boot } = await lookToTheEnd(machine, clock, files, handles);
    return handles.map((handle, index) => {
      const one = seen[index];
      if (one === undefined) return stateOf(EMPTY, boot, false);
      const state = stateOf(one, boot, !one.complete);
      // Gone without a record may be the instant before it is written: it is believed at the second look.
      if (state.life !== 'gone') missing.delete(handle.marker);
      else if (!missing.has(handle.marker)) {
        missing.add(handle.marker);
        return { ...state, life: 'running' };
      }
      return state;
    });
  };
  const watch = createWatch(machine.name, clock, round);

  return {
    async start(spec) {
      watch.forget(spec);
      files.forget(spec);
      await must(machine, startScript(spec));
      return { recordDir: spec.recordDir, marker: spec.marker, place: spec.place ?? null };
    },
    poll: (handles) => watch.poll(handles),
    survivors: (handle) => survivorsThere(machine, handle),
    async signal(handle, signal, options) {
      await must(machine, signalScript(handle, signal, options?.spareWrapper === true));
    },
    async forbid(handle) {
      watch.forget(handle);
      return forbidThere(machine, handle);
    },
  };
}

type Looked = Seen & {
  /** All of its log is here. */
  complete: boolean;
};

/** Looks in a row at runs that have ended while there is more of them to bring: nobody waits for the next poll. */
const LOOKS_AT_END = 16;

async function lookToTheEnd(
  machine: HostMachine,
  clock: Clock,
  files: FilesMirror,
  handles: readonly JobHandle[],
): Promise<{ seen: Looked[]; boot: string }> {
  let looked = await lookAt(machine, clock, files, handles);
  const isBehind = ({ exited, complete }: Looked): boolean => exited !== null && !complete;
  for (let looks = 1; looks < LOOKS_AT_END && looked.seen.some(isBehind); looks++) {
    const indices = looked.seen.flatMap((one, index) => (isBehind(one) ? [index] : []));
    const behind = indices.flatMap((index) => handles[index] ?? []);
    const more = await lookAt(machine, clock, files, behind);
    const seen = [...looked.seen];
    for (const [at, index] of indices.entries()) seen[index] = more.seen[at] ?? EMPTY_LOOK;
    looked = { ...more, seen };
  }
  return looked;
}

/** One round trip: what there is to see of these runs, brought here. */
async function lookAt(
  machine: HostMachine,
  clock: Clock,
  files: FilesMirror,
  handles: readonly JobHandle[],
): Promise<{ seen: Looked[]; boot: string }> {
  const mark = snapshotMark();
  const most = Math.min(RUN_BYTES, Math.ceil(ALL_BYTES / Math.max(1, handles.length)));
  const questions = handles.map((handle): Question => {
    const asked = files.question(handle, handles.length);
    const about = { folder: folderThere(handle), offset: logHere(handle), most };
    return asked === undefined ? about : { ...about, files: asked };
  });
  const began = clock();
  const { stdout } = await machine.script(snapshotScript(mark, questions), SCRIPT_MS);
  const answer = readSnapshot(mark, stdout, began, clock());
  if (answer.seen.length !== handles.length)
    throw new LabError(`${machine.name} gave half an answer`, 'it is asked again');
  const seen = answer.seen.map((one, index): Looked => {
    const [handle, question] = [handles[index], questions[index]];
    if (handle === undefined || question === undefined) return { ...one, complete: false };
    const all = files.take(handle, one);
    const complete = mirror(handle, one, question.offset) && all;
    if (complete && one.exited !== null) mirrorExit(handle, one.exited);
    return { ...one, complete };
  });
  return { seen, boot: answer.boot };
}

const EMPTY: Seen = {
  started: null,
  exited: null,
  size: null,
  bytes: new Uint8Array(0),
  stat: null,
  child: null,
};

const EMPTY_LOOK: Looked = { ...EMPTY, complete: false };

/** `behind`: its log is not yet all here, so its end is not told yet. */
function stateOf(seen: Seen, boot: string, behind: boolean): JobState {
  const { started, exited } = seen;
  const life = exited !== null ? (behind ? 'running' : 'exited') : lifeOf(seen, boot);
  const child = seen.child === null ? null : parseStat(seen.child);
  return {
    life: life === 'running' && child?.state === 'T' ? 'suspended' : life,
    pid: started === null ? null : markNumber(started.fields, 'pid'),
    child: seen.child === null ? null : Number.parseInt(seen.child, 10),
    startedAt: started?.at ?? null,
    exitedAt: exited?.at ?? null,
    exitCode: exited === null ? null : markNumber(exited.fields, 'rc'),
    oomKills: exited === null ? 0 : (markNumber(exited.fields, 'oom') ?? 0),
    rebooted: started?.fields.boot !== undefined && started.fields.boot !== boot,
    note: null,
  };
}

function lifeOf({ started, stat }: Seen, boot: string): JobState['life'] {
  if (started === null) return 'unstarted';
  if (started.fields.boot !== boot) return 'gone';
  const process = stat === null ? null : parseStat(stat);
  if (process === null || process.start !== started.fields.start || /[ZX]/.test(process.state)) return 'gone';
  return /[Tt]/.test(process.state) ? 'suspended' : 'running';
}

/** Runs a script whose failure is the machine's. */
async function must(machine: HostMachine, script: string): Promise<string> {
  const { code, stdout, stderr } = await machine.script(script, SCRIPT_MS);
  if (code === 0) return Buffer.from(stdout).toString('utf8');
  throw scriptError(machine.name, code, stderr);
}

/** The run's folder there, made where it is missing; nothing of it is to be committed by anybody. */
const makeFolder = (folder: string): string =>
  `d=${quote(folder)}
umask 077
mkdir -p "$d/record" "$d/files" || exit 1
case $d in */.auto-experiment/runs/*) [ -e "\${d%/runs/*}/.gitignore" ] || echo '*' > "\${d%/runs/*}/.gitignore" ;; esac
umask 022
[ -e "$d/begun" ] || : > "$d/begun"
: >> "$d/log" || exit 1`;

/** The language that the host itself sets for its users. */
const OWN_LANGUAGE = `if [ -n "\${AE_LC_ALL-}" ]; then LC_ALL=$AE_LC_ALL; else unset LC_ALL; fi; unset AE_LC_ALL`;

const environmentOf = (spec: JobSpec, folder: string): string =>
  exportLines({ ...spec.env, AUTO_EXPERIMENT_RUN_DIR: `${folder}/files`, [MARKER]: spec.marker });

/** Only one wrapper can claim the folder, so this may be run again. `timeout 0` makes a group where there is no setsid. */
function startScript(spec: JobSpec): string {
  const folder = folderThere(spec);
  return `${makeFolder(folder)}
[ ! -h "$d/record/started" ] || exit 0
cd ${quote(spec.cwd)} || exit 1
${OWN_LANGUAGE}
if command -v setsid > /dev/null 2>&1; then g=setsid; else g='timeout 0'; fi
${environmentOf(spec, folder)}$g /bin/sh -c ${quote(WRAPPER)} auto-experiment "$d/record" ${quoteAll(spec.argv)} < /dev/null >> "$d/log" 2>&1 &`;
}

/** Shell: PIDs whose environment holds the marker. */
const marked = (marker: string): string =>
  `grep -lF ${quote(`${MARKER}=${marker}`)} /proc/[0-9]*/environ 2> /dev/null`;

/** Without zombies, without the wrapper, and once the end is on record without its children: see the local ones. */
async function survivorsThere(machine: HostMachine, handle: JobHandle): Promise<Survivor[]> {
  const text = await must(
    machine,
    `cd ${quote(`${folderThere(handle)}/record`)} 2> /dev/null || exit 0
readlink started || echo none
if [ -h exited ]; then echo ended; else echo open; fi
for f in $(${marked(handle.marker)}); do { read -r x < "\${f%environ}stat" && printf '%s\\n' "$x"; } 2> /dev/null; done
exit 0`,
  );
  const [claim = '', state, ...stats] = text.split('\n');
  const own = Number(/pid=(\d+)/.exec(claim)?.[1] ?? -1);
  return stats.flatMap((line) => {
    const stat = parseStat(line);
    const pid = Number.parseInt(line, 10);
    if (stat === null || pid === own || /[ZX]/.test(stat.state)) return [];
    if (state === 'ended' && stat.parent === own) return [];
    return [{ pid, name: line.slice(line.indexOf('(') + 1, line.lastIndexOf(')')) }];
  });
}

/** As on this computer: the group only while its leader is certainly the wrapper, then every process with the marker. */
function signalScript(handle: JobHandle, signal: 'SIGTERM' | 'SIGKILL', spareWrapper: boolean): string {
  const name = signal.slice(3);
  const resume = (target: string): string => (name === 'TERM' ? `; kill -s CONT ${target}` : '');
  return `w= g=
field() { x=\${l#*"$1"=}; echo "\${x%%;*}"; }
l=$(readlink ${quote(`${folderThere(handle)}/record/started`)}) && case $l in *pid=*)
w=$(field pid)
read -r b < /proc/sys/kernel/random/boot_id
{ read -r s < "/proc/$w/stat"; } 2> /dev/null && {
set -f; set -- \${s##*) }; set +f
[ "\${20}" = "$(field start)" ] && [ "\${b%%-*}" = "$(field boot)" ] && case $1 in [ZX]) ;; *)
{ [ "$3" = "$w" ] || { [ "$3" = "$2" ] && read -r c < "/proc/$2/comm" && [ "$c" = timeout ]; }; } && g=$3 ;; esac
} ;; esac
${spareWrapper ? '' : `[ -z "$g" ] || { kill -s ${name} -- "-$g"${resume('-- "-$g"')}; } 2> /dev/null`}
for f in $(${marked(handle.marker)}); do
p=\${f#/proc/}; p=\${p%/environ}
${spareWrapper ? '[ "$p" = "$w" ] && continue' : ''}
${name === 'TERM' ? `[ -z "$g" ] || { { read -r s < "/proc/$p/stat"; } 2> /dev/null && set -f && set -- \${s##*) } && set +f && [ "$3" = "$g" ] && continue; }` : ''}
{ kill -s ${name} "$p"${resume('"$p"')}; } 2> /dev/null
done
exit 0`;
}

/** Links are exclusive, so of a start and this only one can win. */
async function forbidThere(machine: HostMachine, handle: JobHandle): Promise<boolean> {
  const folder = folderThere(handle);
  const text = await must(
    machine,
    `${makeFolder(folder)}\nln -s void=1 "$d/record/started" 2> /dev/null\nreadlink "$d/record/started"`,
  );
  return text.startsWith('void=1');
}
