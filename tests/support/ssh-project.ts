import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeProject, type TestProject } from './project.js';
import { type Sshd, type SshdOptions, startSshd } from './sshd.js';

/** A project whose runs go to a real sshd on loopback; the controller's folder and the host's are two different ones. */
export interface SshProject extends TestProject {
  server: Sshd;
  /** The project's folder on the host. */
  there: string;
  /** Comes first on PATH there. */
  bin: string;
  env: Record<string, string>;
}

export async function makeSshProject(
  files: Record<string, string>,
  {
    execution = '',
    mode = 'ssh',
    there: given,
    ...options
  }: SshdOptions & { execution?: string; mode?: string; there?: string } = {},
): Promise<SshProject> {
  const there = given ?? mkdtempSync(join(tmpdir(), 'ae-there-'));
  const bin = mkdtempSync(join(tmpdir(), 'ae-bin-'));
  const server = await startSshd({ bin, ...options });
  const env = Object.fromEntries(
    Object.entries(server.env).map(([name, value]): [string, string] => [name, value ?? '']),
  );
  const project = makeProject(
    {
      ...files,
      'config.yaml': `execution: {mode: ${mode}, ssh_host: gpu1, remote_workspace: ${there}${execution}}\n${files['config.yaml'] ?? ''}`,
    },
    env,
  );
  return {
    ...project,
    server,
    there,
    bin,
    env,
    async end() {
      // A run that a failed test left behind ends by itself: every one of them waits for a file of this folder.
      rmSync(there, { recursive: true, force: true, maxRetries: 5 });
      await project.end();
      await server.end();
      rmSync(bin, { recursive: true, force: true });
    },
  };
}
