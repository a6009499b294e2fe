import { localMachine } from '../../mcp-server/src/adapters/machines/local.js';
import { remoteMachine } from '../../mcp-server/src/adapters/machines/remote.js';
import { openSsh } from '../../mcp-server/src/adapters/ssh/openssh.js';
import { ssh2Link } from '../../mcp-server/src/adapters/ssh/ssh2-link.js';
import { type SshdOptions, startSshd } from '../support/sshd.js';
import { machineContract, type Opened } from './machine-suite.js';

const overSsh = async (options: SshdOptions, host = 'gpu1'): Promise<Opened> => {
  const server = await startSshd(options);
  const machine = remoteMachine(openSsh({ host, args: [], env: server.env }));
  return {
    machine,
    async close() {
      machine.close();
      await server.end();
    },
  };
};

const overSsh2 = async (options: SshdOptions, host = 'gpu1'): Promise<Opened> => {
  const server = await startSshd(options);
  const machine = remoteMachine(ssh2Link({ host, args: [], env: { ...server.env, HOME: server.home } }));
  return {
    machine,
    async close() {
      machine.close();
      await server.end();
    },
  };
};

machineContract('local', async () => ({ machine: localMachine(), close: () => undefined }));
machineContract('OpenSSH, login shell bash with a greeting', () =>
  overSsh({ loginShell: '/bin/bash', greeting: 'Welcome to gpu1! 3 updates' }),
);
machineContract('OpenSSH, login shell tcsh', () => overSsh({ loginShell: '/usr/bin/tcsh' }));
machineContract('OpenSSH, login shell fish', () => overSsh({ loginShell: '/usr/bin/fish' }));
machineContract('OpenSSH through a jump host', () =>
  overSsh({ client: 'Host gpu2\n  ProxyJump gpu1' }, 'gpu2'),
);
machineContract('OpenSSH, one session for each connection', () => overSsh({ config: 'MaxSessions 1' }));
machineContract('ssh2, login shell bash with a greeting', () =>
  overSsh2({ loginShell: '/bin/bash', greeting: 'Welcome to gpu1! 3 updates' }),
);
machineContract('ssh2, login shell tcsh', () => overSsh2({ loginShell: '/usr/bin/tcsh' }));
machineContract('ssh2, login shell fish', () => overSsh2({ loginShell: '/usr/bin/fish' }));
machineContract('ssh2 through a jump host', () =>
  overSsh2({ client: 'Host gpu2\n  ProxyJump gpu1' }, 'gpu2'),
);
machineContract('ssh2, one session for each connection', () => overSsh2({ config: 'MaxSessions 1' }));
