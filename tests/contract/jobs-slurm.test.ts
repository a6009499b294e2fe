import { slurmJobs } from '../../mcp-server/src/adapters/jobs/slurm/jobs.js';
import { localMachine } from '../../mcp-server/src/adapters/machines/local.js';
import { remoteMachine } from '../../mcp-server/src/adapters/machines/remote.js';
import { openSsh } from '../../mcp-server/src/adapters/ssh/openssh.js';
import { SlurmConfig, slurmRequest } from '../../mcp-server/src/core/slurm/settings.js';
import { type Slurm, startSlurm } from '../support/slurm.js';
import { startSshd } from '../support/sshd.js';
import { jobsContract } from './jobs-suite.js';

// A real cluster of two nodes, whose shared file system is this computer's.

const request = slurmRequest(SlurmConfig.parse({ poll_interval: 1 }), 0, null, 0);

const suspend = (slurm: Slurm, name: string, on: boolean): void => {
  const job = slurm.ask('squeue', '-h', '-n', name, '-o', '%i');
  slurm.ask('scontrol', on ? 'suspend' : 'resume', job);
};

jobsContract('Slurm on this computer', async () => {
  const slurm = await startSlurm();
  return {
    jobs: slurmJobs(localMachine({ env: { ...process.env, ...slurm.env } }), Date.now),
    place: () => null,
    slurm: request,
    env: slurm.env,
    suspend: (name, on) => suspend(slurm, name, on),
    close: () => slurm.end(),
  };
});
jobsContract('Slurm over SSH', async () => {
  const slurm = await startSlurm();
  const server = await startSshd({ loginShell: '/usr/bin/tcsh', greeting: 'hello', env: slurm.env });
  const machine = remoteMachine(openSsh({ host: 'gpu1', args: [], env: server.env }));
  return {
    jobs: slurmJobs(machine, Date.now),
    place: (workspace) => ({ host: 'gpu1', workspace, args: [] }),
    slurm: request,
    suspend: (name, on) => suspend(slurm, name, on),
    async close() {
      machine.close();
      await server.end();
      await slurm.end();
    },
  };
});
