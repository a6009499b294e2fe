import type { Machine } from '../../core/ports.js';
import { scriptError } from '../../core/script-error.js';

export type HostMachine = Pick<Machine, 'name' | 'script'>;

export const SCRIPT_MS = 30_000;

/** Runs a script whose failure is the machine's. */
export async function must(machine: HostMachine, script: string): Promise<string> {
  const { code, stdout, stderr } = await machine.script(script, SCRIPT_MS);
  if (code === 0) return Buffer.from(stdout).toString('utf8');
  throw scriptError(machine.name, code, stderr);
}
