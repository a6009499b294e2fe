import { spawn } from 'node:child_process';
import { MARKER } from '../../core/marker.js';

/** Starts a process of this program that outlives us: `program COMMAND --project DIR`. */
export function spawnOwn(program: string, command: string, project: string): void {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== MARKER));
  const child = spawn(process.execPath, [program, command, '--project', project], {
    detached: true,
    stdio: 'ignore',
    env,
  });
  child.on('error', (error) => process.stderr.write(`${command} could not be started: ${error.message}\n`));
  child.unref();
}
