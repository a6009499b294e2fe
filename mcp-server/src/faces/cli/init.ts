import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { errorCode } from '../../core/errors.js';
import { detectProject } from '../../engine/detect.js';
import { storageError } from '../../store/project.js';
import type { Command } from '../command.js';
import { outJson } from './shared.js';

export const command: Command = {
  name: 'init',
  summary:
    'A brief and a config to fill in; detects the training command and the metric of an existing project.',
  usage: 'init [DIR] [--json]',
  flags: {},
  json: true,
  project: false,
  words: 1,
  async run(console, args) {
    const folder = resolve(console.cwd, args.words[0] ?? '.');
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      throw storageError(error, folder);
    }
    const found = detectProject(folder);
    const written: string[] = [];
    const kept: string[] = [];
    for (const [name, text] of [
      ['PROJECT_BRIEF.md', found.brief],
      ['config.yaml', found.config],
    ] as const) {
      const path = join(folder, name);
      if (existsSync(path)) kept.push(name);
      else {
        create(path, text);
        written.push(name);
      }
    }
    if (args.switches.json === true) {
      outJson(console, { folder, written, kept, detected: found.detected });
      return 0;
    }
    for (const line of found.detected) console.out(`found     ${line}\n`);
    for (const name of written) console.out(`written   ${join(folder, name)}\n`);
    for (const name of kept) console.out(`kept      ${join(folder, name)} (it was there already)\n`);
    console.out(`next      fill in the brief, then: auto-experiment run --project '${folder}'\n`);
    return 0;
  },
};

/** Never writes over a file, not even one that appears this instant. */
function create(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw storageError(error, path);
  }
}
