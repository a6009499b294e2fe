import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import type { Machine } from '../../core/ports.js';
import { scriptError } from '../../core/script-error.js';
import type { Project } from '../../store/project.js';

/** Where scripts are run: the least of a machine. */
export type Host = Pick<Machine, 'name' | 'script'>;

const ASK_MS = 60_000;

/** The output of a script. Throws LabError when it fails, or when the host cannot be reached. */
export async function askThere(host: Host, script: string, ms: number = ASK_MS): Promise<Buffer> {
  const { code, stdout, stderr } = await host.script(script, ms);
  if (code !== 0) throw scriptError(host.name, code, stderr);
  return Buffer.from(stdout.buffer, stdout.byteOffset, stdout.length);
}

/** A word that nothing in a script or in an answer can be equal to. */
export const freshMark = (): string => `AE${randomBytes(12).toString('hex')}`;

/** A here-document: its lines are the standard input of what stands before it. Lines hold no line break. */
export function lines(command: string, given: readonly string[]): string {
  const mark = freshMark();
  return `{ ${command}; } << '${mark}'\n${given.map((line) => `${line}\n`).join('')}${mark}`;
}

/** Where the program's own things lie there, below the project's folder. */
export const OWN_FOLDER = '.auto-experiment';

/** Makes the program's folder there, of which nothing is to be committed by anybody. `d` is its variable. */
export const makeOwn = (folder: string): string =>
  `d=${folder}/${OWN_FOLDER}\nmkdir -p "$d" || exit 1\n[ -e "$d/.gitignore" ] || echo '*' > "$d/.gitignore" || exit 1`;

/** Folders below the project's that are never code: the program's own, and the workspace under the name it has here. */
export const notCode = ({ paths }: Pick<Project, 'paths'>): string[] => [
  OWN_FOLDER,
  ...[relative(paths.root, paths.workspace)].filter((path) => path !== '' && !path.startsWith('..')),
];
