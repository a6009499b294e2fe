import type { Command } from '../command.js';
import { examine } from '../doctor.js';
import { createStyle } from '../terminal/style.js';
import { labOf, outJson } from './shared.js';

export const command: Command = {
  name: 'doctor',
  summary: 'What works here, and how to mend what does not.',
  usage: 'doctor [--project DIR] [--json]',
  flags: {},
  json: true,
  project: true,
  words: 0,
  async run(console, args) {
    const checks = await examine(labOf(console, args), console.signal);
    const ok = checks.every((check) => check.state !== 'bad');
    if (args.switches.json === true) outJson(console, { ok, checks });
    else {
      const style = createStyle(console.colour);
      const words = { good: style.good('ok  '), note: style.warn('note'), bad: style.bad('bad ') };
      for (const check of checks)
        console.out(
          `${words[check.state]}  ${check.name.padEnd(12)} ${check.text}${check.hint === null ? '' : `\n      ${style.dim(`→ ${check.hint}`)}`}\n`,
        );
    }
    return ok ? 0 : 1;
  },
};
