import { supervise } from '../../engine/runs/supervise.js';
import type { Command } from '../command.js';
import { labOf } from './shared.js';

export const command: Command = {
  name: 'supervise',
  summary: 'Watch the runs of a project until none is left. Started by the program itself.',
  usage: 'supervise [--project DIR]',
  flags: {},
  json: false,
  project: true,
  words: 0,
  async run(console, args) {
    if (!(await supervise(labOf(console, args), console.signal)))
      console.err('another supervisor is at work on this project\n');
    return 0;
  },
};
