import { LabError } from '../core/errors.js';
import type { Place } from '../core/place.js';
import type { Lab } from '../engine/lab.js';
import { placeFor } from '../engine/runs/site.js';
import { notCode } from '../engine/there/ask.js';
import { stampLockedThere } from '../engine/there/locked.js';
import { idleGlobs } from '../store/locked.js';
import type { Project } from '../store/project.js';
import { bad, type Check, good, note } from './check.js';
import { slurmThere } from './doctor-slurm.js';

/** The host that runs go to, tried as a launch would try it. */
export async function otherMachine(lab: Lab, project: Project): Promise<Check[]> {
  const { mode, ssh_host = 'HOST', sync } = project.config.execution;
  if (mode === 'local') return [];
  if (mode === 'slurm' && project.config.execution.ssh_host === undefined)
    return slurmThere(lab, project, null);
  const { code, stderr } = await lab.machine.exec(['ssh', '-V'], { timeoutMs: 10_000 });
  const client =
    code === 0
      ? good('ssh', stderr.trim().split('\n')[0] ?? '')
      : note(
          'ssh',
          'no OpenSSH client: hosts are reached with the program’s own, which knows keys, agents, jump hosts and known_hosts',
          'for all of ~/.ssh/config, security keys and second factors install it (Debian/Ubuntu: apt install openssh-client)',
        );
  try {
    const place = await placeFor(lab, project.config);
    const code = sync === 'off' ? 'the project’s code lies' : 'the code of this folder is brought to';
    const host = good(
      'host',
      `${ssh_host}: reached; ${code} ${sync === 'off' ? 'in ' : ''}${place?.workspace}`,
    );
    return [
      client,
      host,
      ...(await slurmThere(lab, project, place)),
      ...(place === null || sync !== 'off' ? [] : [await lockedThere(lab, project, place)]),
    ];
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    if (sync !== 'off' && error.message.startsWith('there is no folder'))
      return [
        client,
        note(
          'host',
          `${ssh_host}: reached; ${error.message} yet`,
          'the first launch makes it and brings the code there',
        ),
      ];
    const second = /did not accept any key/.test(error.message)
      ? `. A host that asks for a second factor: open the shared connection once by hand, it is then used for as long as it lives. In ~/.ssh/config under Host ${ssh_host}: ControlMaster auto, ControlPath ~/.ssh/cm-%C, ControlPersist 12h; then: ssh ${ssh_host} true. A host behind a bastion: ProxyJump BASTION under the same Host, and open both by hand`
      : '';
    return [client, bad('host', error.message, `${error.hint}${second}`)];
  }
}

/** What the globs mean where the code lies. */
async function lockedThere(lab: Lab, project: Project, place: Place): Promise<Check> {
  const globs = project.config.experiment.locked;
  if (globs.length === 0) return NOT_LOCKED;
  const { machine } = await lab.at(place);
  const files = Object.keys(await stampLockedThere(machine, place.workspace, globs, notCode(project)));
  return lockedCheck(globs, files, ` on ${place.host}`);
}

export const NOT_LOCKED = note(
  'locked',
  'no file is locked',
  'list what measures the runs under experiment.locked, for instance [eval.py]: a change to it then makes a run invalid',
);

export function lockedCheck(globs: readonly string[], files: readonly string[], where = ''): Check {
  const idle = idleGlobs(globs, files);
  return idle.length === 0
    ? good('locked', `${files.length} file(s)${where}`)
    : note(
        'locked',
        `${idle.join(', ')} means no file${where}`,
        'globs count from the project folder: check their spelling',
      );
}
