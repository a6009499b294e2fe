import { LabError } from '../../core/errors.js';

const NAME = '[A-Za-z0-9_][A-Za-z0-9_.+-]*';
const HOST = new RegExp(`^(?:${NAME}@)?(?:[A-Za-z0-9_][A-Za-z0-9_.:%-]*)$`);

/** Options of ssh_config(5) that only say where and as whom to connect. Others run programs or weaken what is checked. */
const OPTIONS = new Set(
  [
    'AddressFamily BindAddress BindInterface CertificateFile Compression ConnectTimeout ConnectionAttempts',
    'GSSAPIAuthentication HostKeyAlias HostKeyAlgorithms HostName IdentitiesOnly IdentityAgent IdentityFile IPQoS',
    'KexAlgorithms Ciphers MACs LogLevel Port PreferredAuthentications ProxyJump PubkeyAcceptedAlgorithms',
    'ServerAliveCountMax ServerAliveInterval TCPKeepAlive User UserKnownHostsFile VerifyHostKeyDNS',
  ]
    .join(' ')
    .toLowerCase()
    .split(' '),
);

/** Throws LabError unless this is `host` or `user@host`, or a name of ~/.ssh/config. */
export function assertHost(host: string): void {
  if (host.length < 256 && HOST.test(host)) return;
  throw new LabError(
    `${JSON.stringify(host.slice(0, 80))} is not a host that ssh can be told`,
    'write host, user@host, or a Host name of ~/.ssh/config; ports and keys belong there or into execution.ssh_args',
  );
}

/** Arguments of ssh as a person writes them: a text is split at blanks. Throws LabError for what could run programs here. */
export function sshArguments(given: string | readonly string[] | undefined): string[] {
  const words = typeof given === 'string' ? given.split(/\s+/).filter(Boolean) : [...(given ?? [])];
  const args: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (/^-[46Cqv]+$/.test(word)) {
      args.push(word);
      continue;
    }
    const [, flag, glued] = /^-([pilJo])(.*)$/s.exec(word) ?? [];
    const value = glued === undefined || glued === '' ? words[++at] : glued;
    if (flag === undefined || value === undefined || /[\0\r\n]/.test(value)) throw refused(word);
    if (flag === 'p' && !/^\d{1,5}$/.test(value)) throw refused(`${word} ${value}`);
    if (flag === 'l' && !new RegExp(`^${NAME}$`).test(value)) throw refused(`${word} ${value}`);
    if (flag === 'i' && value.startsWith('-')) throw refused(`${word} ${value}`);
    if (flag === 'J') for (const hop of value.split(',')) assertHost(hop);
    if (flag === 'o') {
      const [, name, text] = /^([A-Za-z]+)(?:\s*=\s*|\s+)(.+)$/.exec(value) ?? [];
      if (name === undefined || text === undefined || !OPTIONS.has(name.toLowerCase()))
        throw refused(`-o ${value}`);
      if (name.toLowerCase() === 'proxyjump') for (const hop of text.split(',')) assertHost(hop);
    }
    args.push(`-${flag}`, value);
  }
  return args;
}

const refused = (what: string): LabError =>
  new LabError(
    `execution.ssh_args: ${JSON.stringify(what.slice(0, 80))} is not accepted`,
    'a project’s config may say where and as whom to connect (-p, -i, -l, -J, -4, -6, -C, -o Port=…); everything else belongs into your own ~/.ssh/config under a Host name',
  );
