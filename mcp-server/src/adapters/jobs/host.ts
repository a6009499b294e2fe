import { markNumber } from '../../core/mark.js';
import { MARKER } from '../../core/marker.js';
import type { Clock, JobHandle, JobSpec, JobState, Jobs, Survivor } from '../../core/ports.js';
import { exportLines, quote, quoteAll } from '../../core/posix.js';
import { parseStat } from '../../core/proc-stat.js';
import { forbidThere, makeFolder } from './folder.js';
import { EMPTY, lookToTheEnd } from './look.js';
import { createFilesMirror } from './mirror-files.js';
import { type HostMachine, must } from './must.js';
import { folderThere } from './run-there.js';
import type { Seen } from './snapshot.js';
import { createWatch } from './watch.js';
import { WRAPPER } from './wrapper.js';

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
