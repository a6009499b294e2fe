import { LabError } from '../../core/errors.js';
import { clip, oneLine } from '../../core/text.js';

const RULES: readonly { pattern: RegExp; say: (host: string, text: string) => [string, string] }[] = [
  {
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED|Offending .* key in/i,
    say: (host, text) => [
      `the host key of ${host} is not the one that is known${fingerprint(text)}; nothing was sent to it`,
      `somebody may be in between, or the host was set up anew: ask its administrator for the fingerprint, and only if it is right: ssh-keygen -R ${plainHost(host)}, then connect once by hand with ssh ${host}`,
    ],
  },
  {
    pattern: /Host key verification failed|No .* host key is known|authenticity of host/i,
    say: (host, text) => [
      `the host key of ${host} is not known${fingerprint(text)}`,
      `connect once by hand with ssh ${host}, compare the fingerprint with what its administrator tells, and answer yes`,
    ],
  },
  {
    pattern:
      /Permission denied|Too many authentication failures|no more authentication methods|All configured authentication methods failed/i,
    say: (host) => [
      `${host} did not accept any key`,
      `ssh ${host} must work without a question: add the key to the agent (ssh-add) or to authorized_keys there. Where the host asks for a second factor, open the shared connection once by hand; auto-experiment doctor shows the command`,
    ],
  },
  {
    pattern: /Could not resolve hostname|ENOTFOUND|EAI_AGAIN/i,
    say: (host) => [
      `there is no host named ${host}`,
      'check execution.ssh_host and ~/.ssh/config, and whether a VPN is needed',
    ],
  },
  {
    pattern: /Connection refused|ECONNREFUSED/i,
    say: (host) => [
      `${host} refuses the connection`,
      'its ssh server may not be running, or listens on another port',
    ],
  },
  {
    pattern: /timed out|No route to host|Network is unreachable|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/i,
    say: (host) => [
      `${host} does not answer`,
      'the host or the network between may be down, or a VPN is needed',
    ],
  },
  {
    pattern:
      /Connection closed by|Connection reset|kex_exchange_identification|Broken pipe|ECONNRESET|Timeout, server/i,
    say: (host) => [
      `the connection to ${host} was cut`,
      'the host may be restarting, or its ssh server takes no more connections just now (MaxStartups)',
    ],
  },
  {
    pattern: /Bad owner or permissions|Bad configuration option|terminating, \d+ bad configuration/i,
    say: (_, text) => [
      `ssh does not accept its configuration: ${clip(oneLine(text), 200)}`,
      'mend ~/.ssh/config',
    ],
  },
];

/** What ssh said when it failed, in words with a remedy. */
export function linkError(host: string, said: string): LabError {
  for (const { pattern, say } of RULES) {
    if (!pattern.test(said)) continue;
    const [message, hint] = say(host, said);
    return new LabError(message, hint);
  }
  const quoted = clip(oneLine(said), 200);
  return new LabError(
    `the connection to ${host} ended${quoted === '' ? '' : `: ${quoted}`}`,
    `try by hand: ssh ${host} true`,
  );
}

const fingerprint = (text: string): string => {
  const found = /SHA256:[A-Za-z0-9+/=]+/.exec(text)?.[0];
  return found === undefined ? '' : ` (${found})`;
};

const plainHost = (host: string): string => host.slice(host.lastIndexOf('@') + 1);
