import { describe, expect, it } from 'vitest';
import { assertHost, sshArguments } from '../../mcp-server/src/adapters/ssh/arguments.js';
import { linkError } from '../../mcp-server/src/adapters/ssh/words.js';

describe('what ssh may be told', () => {
  it.each(['gpu1', 'me@gpu1.lab.edu', 'j.doe@10.0.0.7', 'gpu_1', 'me@::1', 'GPU-01'])('takes %s', (host) => {
    expect(() => assertHost(host)).not.toThrow();
  });

  it.each([
    '-oProxyCommand=touch /tmp/x',
    'me@-oProxyCommand=x',
    '-F/tmp/x',
    '',
    'a b',
    'a\nb',
    'a;id',
    '$(id)',
    '`id`',
    'a|b',
    'host/../x',
    '@host',
    'a'.repeat(300),
  ])('refuses %j as a host', (host) => {
    expect(() => assertHost(host)).toThrow(/not a host/);
  });

  it('takes arguments that say where and as whom', () => {
    expect(
      sshArguments(['-p', '2222', '-i', '~/.ssh/lab key', '-J', 'a@bastion,b', '-4', '-oPort=22', '-lme']),
    ).toEqual(['-p', '2222', '-i', '~/.ssh/lab key', '-J', 'a@bastion,b', '-4', '-o', 'Port=22', '-l', 'me']);
  });

  it.each([
    [['-oProxyCommand=x']],
    [['-o', 'LocalCommand=x']],
    [['-o', 'PermitLocalCommand=yes']],
    [['-o', 'KnownHostsCommand=x']],
    [['-o', 'StrictHostKeyChecking=no']],
    [['-o', 'ControlPath=/tmp/x']],
    [['-o', 'Include=/tmp/x']],
    [['-o', 'ProxyJump=-oProxyCommand=x']],
    [['-F', '/tmp/x']],
    [['-J', '-oProxyCommand=x']],
    [['-i', '-x']],
    [['-p', '22 -oProxyCommand=x']],
    [['-E', '/tmp/x']],
    [['-L', '1:2:3']],
    [['host']],
    [['--']],
    [['-p']],
    [['-o', 'Port=1\nProxyCommand=x']],
  ])('refuses %j', (args) => {
    expect(() => sshArguments(args)).toThrow(/is not accepted|is not a host/);
  });
});

describe('what ssh says when it fails', () => {
  it.each([
    ['ssh: Could not resolve hostname nowhere: Name or service not known', /no host named/],
    ['ssh: connect to host 127.0.0.1 port 1: Connection refused', /refuses the connection/],
    ['me@gpu1: Permission denied (publickey,keyboard-interactive).', /did not accept any key/],
    ['Host key verification failed.', /host key of gpu1 is not known/],
    ['ssh: connect to host 10.0.0.1 port 22: Connection timed out', /does not answer/],
    ['kex_exchange_identification: Connection closed by remote host', /was cut/],
    ['/home/me/.ssh/config: line 3: Bad configuration option: foo', /does not accept its configuration/],
    ['something new', /ended: something new/],
  ])('%s', (said, words) => {
    const error = linkError('gpu1', said);
    expect(error.message).toMatch(words);
    expect(error.hint).not.toBe('');
  });

  it('tells a changed key from an unknown one, with its fingerprint', () => {
    const said =
      '@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nThe fingerprint for the ED25519 key sent by the remote host is\nSHA256:abcDEF123.\nHost key verification failed.';
    expect(linkError('me@gpu1', said).message).toMatch(/not the one that is known \(SHA256:abcDEF123\)/);
    expect(linkError('me@gpu1', said).hint).toContain('ssh-keygen -R gpu1');
  });
});
