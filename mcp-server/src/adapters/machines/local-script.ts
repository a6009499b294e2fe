import { spawn } from 'node:child_process';
import { LabError } from '../../core/errors.js';
import type { ScriptResult } from '../../core/ports.js';

type Env = Readonly<Record<string, string | undefined>>;

/** A script of ours in /bin/sh of this computer, read from standard input: arguments have a limit, and are public. */
export function scriptLocal(text: string, timeoutMs: number, env: Env | undefined): Promise<ScriptResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-s'], {
      env: { ...(env ?? process.env), LC_ALL: 'C' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const [out, err]: [Uint8Array[], Uint8Array[]] = [[], []];
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      child.stdout.destroy();
      child.stderr.destroy();
      reject(
        new LabError(
          `this computer did not answer within ${Math.round(timeoutMs / 1000)} s`,
          'its disks may hang; it is asked again',
        ),
      );
    }, timeoutMs);
    child.stdout.on('data', (chunk: Uint8Array) => out.push(chunk));
    child.stderr.on('data', (chunk: Uint8Array) => err.push(chunk));
    child.stdin.on('error', () => undefined);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? 255, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString('utf8') });
    });
    // Braces, so that the whole is read before any of it runs and nothing in it eats the rest.
    child.stdin.end(`{\n${text}\n} < /dev/null\n`);
  });
}
