import type { JobHandle } from '../../core/ports.js';
import { quote } from '../../core/posix.js';
import { type HostMachine, must } from './must.js';
import { folderThere } from './run-there.js';

/** The run's folder there, made where it is missing; nothing of it is to be committed by anybody. */
export const makeFolder = (folder: string): string =>
  `d=${quote(folder)}
umask 077
mkdir -p "$d/record" "$d/files" || exit 1
case $d in */.auto-experiment/runs/*) [ -e "\${d%/runs/*}/.gitignore" ] || echo '*' > "\${d%/runs/*}/.gitignore" ;; esac
umask 022
[ -e "$d/begun" ] || : > "$d/begun"
: >> "$d/log" || exit 1`;

/** Links are exclusive, so of a start and this only one can win. */
export async function forbidThere(machine: HostMachine, handle: JobHandle): Promise<boolean> {
  const folder = folderThere(handle);
  const text = await must(
    machine,
    `${makeFolder(folder)}\nln -s void=1 "$d/record/started" 2> /dev/null\nreadlink "$d/record/started"`,
  );
  return text.startsWith('void=1');
}
