import { assertHost, sshArguments } from '../ssh/arguments.js';
import { openSsh } from '../ssh/openssh.js';
import { type RemoteMachine, remoteMachine } from './remote.js';

/** A host as a person names it. Throws LabError for a name or arguments that could be taken for options of ssh. */
export function overSsh(
  host: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): RemoteMachine {
  assertHost(host);
  return remoteMachine(openSsh({ host, args: sshArguments(args), env }));
}
