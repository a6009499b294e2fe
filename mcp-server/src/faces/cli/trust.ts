import { agreedTo, ledConnection, ledKey, ledLines, ledNotes, NOTHING_AGREED } from '../../core/trust.js';
import { forgetAgreed, ownConfigPath, readUser, writeAgreed } from '../../store/user.js';
import type { Command } from '../command.js';
import { labOf, outJson } from './shared.js';

export const command: Command = {
  name: 'trust',
  summary: 'Agree to where this project’s config leads keys, ssh and notes; a later change asks again.',
  usage: 'trust [--show | --revoke] [--project DIR] [--json]',
  flags: {
    show: { kind: 'switch', help: 'Only show what would be agreed to.' },
    revoke: { kind: 'switch', help: 'Take back all that was agreed to for this project.' },
  },
  json: true,
  project: true,
  words: 0,
  async run(console, args) {
    const { paths, config } = labOf(console, args).open();
    const user = readUser(console.env);
    const key = ledKey(config.agent, user.own.agent);
    const connection = ledConnection(config.execution, user.own.execution);
    const notes = ledNotes(config.obsidian, user.own.obsidian);
    const before = user.agreed(paths.root);
    const lines = ledLines(key, connection, notes).map((line) => `  ${line}`);
    const { show, revoke, json } = args.switches;
    if (revoke === true) forgetAgreed(console.env, paths.root);
    const wanted = {
      keys: key === null || agreedTo(before.keys, key) ? [] : [key],
      connections: connection === null || agreedTo(before.connections, connection) ? [] : [connection],
      notes: notes === null || agreedTo(before.notes, notes) ? [] : [notes],
    };
    const news = wanted.keys.length + wanted.connections.length + wanted.notes.length > 0;
    const now = {
      keys: [...before.keys, ...wanted.keys],
      connections: [...before.connections, ...wanted.connections],
      notes: [...before.notes, ...wanted.notes],
    };
    const record = news && show !== true && revoke !== true;
    const file = record ? writeAgreed(console.env, paths.root, now, new Date().toISOString()) : null;
    if (json === true) {
      const agreed = revoke === true ? NOTHING_AGREED : record ? now : before;
      outJson(console, { project: paths.root, key, connection, notes, agreed });
      return 0;
    }
    if (revoke === true) console.out(`nothing of ${paths.root} is agreed to any more\n`);
    else if (lines.length === 0)
      console.out(
        `${paths.config} leads no key, no ssh and no notes elsewhere: nothing to agree to\nyour own settings for all projects: ${ownConfigPath(console.env)}\n`,
      );
    else if (!news) console.out(`${lines.join('\n')}\nagreed to already\n`);
    else if (show === true)
      console.out(`${lines.join('\n')}\nnot agreed to; without --show this is recorded\n`);
    else
      console.out(
        `agreed to for ${paths.root}:\n${lines.join('\n')}\nrecorded in ${file}; a change of these values asks again\n`,
      );
    return 0;
  },
};
