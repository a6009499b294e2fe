import { resolve } from 'node:path';
import type { Lab } from '../../engine/lab.js';
import type { Console, Parsed } from '../command.js';

/** The lab of the project that `--project` names, or of the current folder. */
export function labOf(console: Console, args: Parsed): Lab {
  return console.lab(resolve(console.cwd, args.values.project ?? '.'));
}

/** One JSON document on standard output. */
export function outJson(console: Console, value: unknown): void {
  console.out(`${JSON.stringify(value, null, 2)}\n`);
}
