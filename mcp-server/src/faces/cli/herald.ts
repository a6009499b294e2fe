import { herald } from '../../engine/herald/herald.js';
import type { Command } from '../command.js';
import { labOf } from './shared.js';

export const command: Command = {
  name: 'herald',
  summary: 'Tell people what happened and keep their notes. Started by the program itself.',
  usage: 'herald [--project DIR]',
  flags: {},
  json: false,
  project: true,
  words: 0,
  async run(console, args) {
    if (!(await herald(labOf(console, args), console.signal)))
      console.err('another herald is at work on this project\n');
    return 0;
  },
};
