import { assertHost, sshArguments } from '../ssh/arguments.js';
import { ssh2Link } from '../ssh/ssh2-link.js';
import { type RemoteMachine, remoteMachine } from './remote.js';

/** The same as `overSsh`, where there is no OpenSSH client. */
export function overSsh2(
  host: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): RemoteMachine {
  assertHost(host);
  return remoteMachine(ssh2Link({ host, args: sshArguments(args), env }));
}
