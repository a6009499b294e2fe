import { writeNotes } from '../../engine/views/write-notes.js';
import type { Command } from '../command.js';
import { labOf, outJson } from './shared.js';

export const command: Command = {
  name: 'notes',
  summary:
    'Bring the notes up to date: a dashboard note and today’s, in your Obsidian vault or below the workspace.',
  usage: 'notes [--project DIR] [--json]',
  flags: {},
  json: true,
  project: true,
  words: 0,
  async run(console, args) {
    const lab = labOf(console, args);
    const project = lab.open();
    const { obsidian } = project.config;
    const written = await writeNotes(lab, project, { asked: true });
    const off =
      !obsidian.enabled && obsidian.vault_path !== undefined
        ? 'the vault is not used: set obsidian.enabled: true in config.yaml'
        : null;
    if (args.switches.json === true) outJson(console, { ...written, note: off });
    else console.out(`${[written.dashboard, ...written.daily].join('\n')}\n`);
    for (const words of [written.problem, off]) if (words !== null) console.err(`note: ${words}\n`);
    return 0;
  },
};
