import { resolve } from 'node:path';
import type { Lab } from '../../engine/lab.js';
import type { Console, Parsed } from '../command.js';

/** The lab of the project that `--project` names, or of the current folder. */
export function labOf(console: Console, args: Parsed): Lab {
  return console.lab(projectFolder(console, args));
}

/** The folder that `--project` names, or the current one. */
export function projectFolder(console: Console, args: Parsed): string {
  return resolve(folderOf(console), args.values.project ?? '.');
}

/** The person's folder. Codex starts a plugin's server in the plugin's own folder, and hands over where it was started. */
function folderOf({ cwd, env, packageRoot }: Console): string {
  const asPlugin = env.PLUGIN_ROOT !== undefined && cwd === packageRoot;
  return asPlugin && env.PWD?.startsWith('/') === true ? env.PWD : cwd;
}

/** One JSON document on standard output. */
export function outJson(console: Console, value: unknown): void {
  console.out(`${JSON.stringify(value, null, 2)}\n`);
}
