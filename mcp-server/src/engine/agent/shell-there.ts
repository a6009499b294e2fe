import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { lockedChanges } from '../../core/locked.js';
import { MARKER } from '../../core/marker.js';
import type { Place } from '../../core/place.js';
import type { Machine } from '../../core/ports.js';
import { quote } from '../../core/posix.js';
import { secretValues, splitEnv } from '../../core/secrets.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';
import { askThere, lines, notCode, OWN_FOLDER } from '../there/ask.js';
import { stampLockedThere } from '../there/locked.js';
import { lockedWarning, type ShellResult, shellResult, wallArgs } from './shell-result.js';

/** bubblewrap takes a few thousand arguments; what is over this is only looked at afterwards. */
const MAX_BOUND = 500;

/**
 * Runs one shell command in the folder of the project on a host, as one here would be run: bounded, without the secrets of that
 * account, and nothing of it lives on. Throws LabError when the host cannot be reached.
 */
export async function runShellThere(
  lab: Pick<Lab, 'at' | 'jobs' | 'env'>,
  project: Project,
  place: Place,
  request: { command: string; timeoutSeconds: number; signal: AbortSignal },
): Promise<ShellResult> {
  const { machine } = await lab.at(place);
  const { workspace } = place;
  const { locked, secret_env } = project.config.experiment;
  const stamps = () => stampLockedThere(machine, workspace, locked, notCode(project));
  const before = await stamps();
  const shut = ['.git', OWN_FOLDER, ...Object.keys(before).slice(0, MAX_BOUND)];
  const wall = await wallThere(machine, workspace, shut);
  const names = await variablesThere(machine, secret_env);
  const marker = `shell@${randomUUID()}`;
  const result = await machine.exec(
    [...wall, 'env', ...names.flatMap((name) => ['-u', name]), 'sh', '-c', request.command],
    {
      cwd: workspace,
      env: { [MARKER]: marker },
      timeoutMs: request.timeoutSeconds * 1000,
      maxBytes: 64 * 1024,
      signal: request.signal,
    },
  );
  const recordDir = join(project.paths.workspace, 'no-such-record');
  await lab.jobs.signal({ recordDir, marker, place }, 'SIGKILL');
  const touched = lockedChanges(before, await stamps());
  return shellResult(
    result,
    wall.length > 0,
    touched === null ? [] : [lockedWarning(touched)],
    secretValues(lab.env, secret_env),
  );
}

/** bubblewrap around what is protected there; empty where it is missing, or not allowed to do its work. */
async function wallThere(machine: Machine, folder: string, shut: readonly string[]): Promise<string[]> {
  const answer = await askThere(
    machine,
    `cd ${quote(folder)} || exit 1
command -v bwrap || { echo; exit 0; }
${lines('while IFS= read -r f; do [ -e "$f" ] && readlink -f "$f"; done', shut)}
:`,
  );
  const [program = '', ...places] = answer.toString('utf8').split('\n').filter(Boolean);
  if (program === '') return [];
  const wall = wallArgs(program, { shut: places, open: [], folder });
  return (await machine.exec([...wall, 'true'], { timeoutMs: 5000 })).code === 0 ? wall : [];
}

/** Names of the variables there that a command is not to see. */
async function variablesThere(machine: Machine, secret: readonly string[]): Promise<string[]> {
  const text = (await askThere(machine, 'env')).toString('utf8');
  const found = [...text.matchAll(/^([A-Za-z_]\w*)=(.*)$/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ]);
  return splitEnv(Object.fromEntries(found), { pass: [], secret }).withheld;
}
