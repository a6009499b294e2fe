import { hostJobs } from '../../mcp-server/src/adapters/jobs/host.js';
import { processJobs } from '../../mcp-server/src/adapters/jobs/process.js';
import { localMachine } from '../../mcp-server/src/adapters/machines/local.js';
import { remoteMachine } from '../../mcp-server/src/adapters/machines/remote.js';
import { openSsh } from '../../mcp-server/src/adapters/ssh/openssh.js';
import { ssh2Link } from '../../mcp-server/src/adapters/ssh/ssh2-link.js';
import { startSshd } from '../support/sshd.js';
import { jobsContract } from './jobs-suite.js';

jobsContract('processes of this computer', async () => ({
  jobs: processJobs(),
  place: () => null,
  close: () => undefined,
}));
jobsContract('processes of a host by scripts, on this computer', async () => ({
  jobs: hostJobs(localMachine(), Date.now),
  place: () => null,
  close: () => undefined,
}));
jobsContract('processes of a host over OpenSSH', async () => {
  const server = await startSshd({ loginShell: '/usr/bin/fish', greeting: 'hello' });
  const machine = remoteMachine(openSsh({ host: 'gpu1', args: [], env: server.env }));
  return {
    jobs: hostJobs(machine, Date.now),
    place: (workspace) => ({ host: 'gpu1', workspace, args: [] }),
    async close() {
      machine.close();
      await server.end();
    },
  };
});
jobsContract('processes of a host over ssh2', async () => {
  const server = await startSshd({ loginShell: '/usr/bin/fish', greeting: 'hello' });
  const machine = remoteMachine(
    ssh2Link({ host: 'gpu1', args: [], env: { ...server.env, HOME: server.home } }),
  );
  return {
    jobs: hostJobs(machine, Date.now),
    place: (workspace) => ({ host: 'gpu1', workspace, args: [] }),
    async close() {
      machine.close();
      await server.end();
    },
  };
});
