import type { Place } from '../core/place.js';
import type { Machine } from '../core/ports.js';
import { quote } from '../core/posix.js';
import type { Lab } from '../engine/lab.js';
import { siteOf } from '../engine/runs/site.js';
import type { Project } from '../store/project.js';
import { bad, type Check, good, note } from './check.js';

const ASK_MS = 20_000;

/** Slurm as a launch would use it: its commands, its controller, and the partition of the config. */
export async function slurmThere(lab: Lab, project: Project, place: Place | null): Promise<Check[]> {
  const { mode, slurm } = project.config.execution;
  if (mode !== 'slurm') return [];
  const { machine } = await siteOf(lab, place);
  const version = await ask(machine, 'sbatch --version && command -v squeue scancel srun > /dev/null');
  if (version.code !== 0)
    return [
      bad(
        'slurm',
        `no sbatch, squeue, scancel and srun on ${machine.name}`,
        'use a login node of the cluster: here, or with execution.ssh_host',
      ),
    ];
  const wanted = slurm.partition;
  const which = wanted === undefined ? '' : `-p ${quote(wanted)} `;
  const { code, stdout, stderr } = await ask(machine, `sinfo -h ${which}-o '%P|%a|%l|%D|%G' 2>&1`);
  const rows = stdout
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [name = '', state = '', limit = '', nodes = '', gres = ''] = line.split('|');
      return gres === '' ? [] : [{ name, state, limit, nodes, gres }];
    });
  if (code !== 0)
    return [
      bad(
        'slurm',
        `${version.stdout.trim()}: ${(stdout + stderr).trim().split('\n').at(-1) ?? ''}`,
        'its controller must answer: scontrol ping',
      ),
    ];
  if (rows.length === 0)
    return [
      bad(
        'slurm',
        `${version.stdout.trim()}: there is no partition ${wanted ?? ''}`.trim(),
        'correct execution.slurm.partition: sinfo -s lists them',
      ),
    ];
  const shown = rows
    .slice(0, 4)
    .map((row) => `${row.name} (${row.state}, ${row.nodes} node(s), ${row.gres}, at most ${row.limit})`);
  const kind = slurm.gres.split(':')[0] ?? 'gpu';
  const hasGpus = rows.some(({ gres }) => gres.includes(kind));
  const told = good('slurm', `${version.stdout.trim()}: ${shown.join('; ')}`);
  return hasGpus
    ? [told]
    : [
        told,
        note(
          'slurm',
          `no node there has a "${kind}"`,
          'correct execution.slurm.partition or gres, or write gpu.per_run: 0',
        ),
      ];
}

async function ask(
  machine: Machine,
  script: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await machine.script(script, ASK_MS);
  return { code, stdout: Buffer.from(stdout).toString('utf8'), stderr };
}
