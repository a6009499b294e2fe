import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { overSsh2 } from '../../mcp-server/src/adapters/machines/over-ssh2.js';
import type { RemoteMachine } from '../../mcp-server/src/adapters/machines/remote.js';
import { readClientConfig } from '../../mcp-server/src/adapters/ssh/client-config.js';
import { hostKeyState, knownKeys, knownName } from '../../mcp-server/src/adapters/ssh/known-hosts.js';
import { kill, until } from '../support/project.js';
import { type Sshd, type SshdOptions, startSshd } from '../support/sshd.js';

// A computer without the OpenSSH client: the same host, through ssh2.

let server: Sshd;
let machine: RemoteMachine | undefined;
let agent: number | undefined;
afterEach(async () => {
  machine?.close();
  machine = undefined;
  if (agent !== undefined) kill(agent, 'SIGTERM');
  agent = undefined;
  await server?.end();
});

const start = async (options: SshdOptions = {}): Promise<void> => {
  server = await startSshd(options);
};
const ask = async (env: Record<string, string> = {}, args: string[] = [], host = 'gpu1'): Promise<string> => {
  machine = overSsh2(host, args, { ...server.env, HOME: server.home, ...env });
  const { stdout } = await machine.script('echo reached', 20_000);
  return Buffer.from(stdout).toString();
};
const refused = async (env: Record<string, string> = {}, args: string[] = []) =>
  ask(env, args).then(
    (said) => {
      throw new Error(`it said ${said}`);
    },
    (error: unknown) => error,
  );
const file = (name: string): string => join(server.folder, name);
const publicKey = (name: string): string => readFileSync(file(`${name}.pub`), 'utf8').trim();
const fingerprintOf = (name: string): string =>
  execFileSync('ssh-keygen', ['-lf', file(`${name}.pub`)], { encoding: 'utf8' }).split(' ')[1] ?? '';

describe('the host key', () => {
  it('is found in a hashed known_hosts', async () => {
    await start();
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file('known_hosts')], { stdio: 'ignore' });
    expect(readFileSync(file('known_hosts'), 'utf8')).toMatch(/^\|1\|/);
    expect(await ask()).toBe('reached\n');
  });

  it('that is unknown is refused with its fingerprint and the line that would make it known', async () => {
    await start();
    writeFileSync(file('known_hosts'), '');
    expect(await refused()).toMatchObject({
      name: 'LabError',
      message: `the host key of gpu1 is not known (${fingerprintOf('host')}); nothing was sent to it`,
      hint: expect.stringContaining(
        `[127.0.0.1]:${server.port} ${publicKey('host').split(' ').slice(0, 2).join(' ')}`,
      ),
    });
  });

  it('that has changed is refused, with the fingerprint of the new one', async () => {
    await start();
    server.changeHostKey();
    await server.stop();
    await server.start();
    expect(await refused()).toMatchObject({
      message: `the host key of gpu1 is not the one that is known (${fingerprintOf('host')}); nothing was sent to it`,
      hint: expect.stringContaining('somebody may be in between'),
    });
  });

  it('that is revoked is refused', async () => {
    await start();
    writeFileSync(file('known_hosts'), `@revoked * ${publicKey('host')}\n`);
    expect(await refused()).toMatchObject({ message: expect.stringContaining('marked as revoked') });
  });

  it('is looked for under its alias, pattern and port, and not under another port', () => {
    const line = (hosts: string): string => `${hosts} ssh-ed25519 ${Buffer.from('key').toString('base64')} x`;
    const known = (hosts: string, host: string, port = 22): boolean =>
      hostKeyState(knownKeys([`# c\n\n${line(hosts)}`], knownName(host, port)), Buffer.from('key')) ===
      'known';
    expect(known('gpu1', 'GPU1')).toBe(true);
    expect(known('a,*.lab.edu,!bad.lab.edu', 'x.lab.edu')).toBe(true);
    expect(known('a,*.lab.edu,!bad.lab.edu', 'bad.lab.edu')).toBe(false);
    expect(known('gpu1', 'gpu1', 2222)).toBe(false);
    expect(known('[gpu1]:2222', 'gpu1', 2222)).toBe(true);
    expect(known('@cert-authority gpu1', 'gpu1')).toBe(false);
    expect(known('gpu?', 'gpu10')).toBe(false);
  });
});

describe('who one is', () => {
  it('is shown by the agent where a passphrase guards the key file, and told in words without one', async () => {
    await start();
    execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'secret words', '-f', file('user')]);
    expect(await refused()).toMatchObject({
      message: expect.stringContaining(`did not accept any key, and a passphrase guards ${file('user')}`),
      hint: expect.stringContaining('ssh-add'),
    });
    const socket = file('agent');
    const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    agent = child.pid;
    await until(() => existsSync(socket));
    writeFileSync(file('askpass'), '#!/bin/sh\necho secret words\n', { mode: 0o700 });
    execFileSync('ssh-add', ['-q', file('user')], {
      env: {
        ...process.env,
        SSH_AUTH_SOCK: socket,
        SSH_ASKPASS: file('askpass'),
        SSH_ASKPASS_REQUIRE: 'force',
      },
      stdio: 'ignore',
    });
    const config = join(server.home, '.ssh', 'config');
    writeFileSync(
      config,
      readFileSync(config, 'utf8').replace('IdentityAgent none', `IdentityAgent ${socket}`),
    );
    expect(await ask()).toBe('reached\n');
  });

  it('a key that the host does not know, or a second factor, is told in words', async () => {
    await start({
      config: 'AuthenticationMethods publickey,password\nPasswordAuthentication yes',
    });
    expect(await refused()).toMatchObject({
      message: 'gpu1 did not accept any key',
      hint: expect.stringContaining('second factor'),
    });
  });
});

describe('what ~/.ssh/config says', () => {
  it('counts: Include, patterns and the arguments of ssh over it', async () => {
    await start();
    const config = join(server.home, '.ssh', 'config');
    const text = readFileSync(config, 'utf8');
    writeFileSync(join(server.home, '.ssh', 'lab.conf'), text.replace(/Port \d+/, 'Port 1'));
    writeFileSync(config, 'Include *.conf\nMatch all\n');
    expect(await refused()).toMatchObject({ message: 'gpu1 refuses the connection' });
    machine?.close();
    expect(await ask({}, ['-p', String(server.port)])).toBe('reached\n');
  });

  it.each([
    ['Host gpu1\n  ProxyCommand nc %h %p', /ProxyCommand nc/],
    ['Match host gpu1 exec "true"\n  User me', /Match/],
    ['Host *\n  CertificateFile ~/x', /CertificateFile/],
  ])('%j is refused in words, because only the OpenSSH client can follow it', async (text, words) => {
    await start();
    writeFileSync(join(server.home, '.ssh', 'config'), text);
    expect(await refused()).toMatchObject({
      message: expect.stringMatching(words),
      hint: expect.stringContaining('install the OpenSSH client'),
    });
  });

  it('of other hosts does not count', () => {
    const files = {
      read: () => 'Host other\n ProxyCommand x\nHost gpu? !gpu2\n User "a b"\n Port=3\n User c',
      expand: () => [],
    };
    expect([...readClientConfig(files, 'config', 'gpu1')]).toEqual([
      ['user', ['a b']],
      ['port', ['3']],
    ]);
    expect([...readClientConfig(files, 'config', 'gpu2')]).toEqual([]);
  });
});

it('an unreachable host is told in the same words', async () => {
  await start();
  await server.stop();
  expect(await refused()).toMatchObject({ message: 'gpu1 refuses the connection' });
  rmSync(file('known_hosts'), { force: true });
});
