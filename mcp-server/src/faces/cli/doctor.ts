import { resolve } from 'node:path';
import type { Command } from '../command.js';
import { examine } from '../doctor.js';
import { openPlace } from '../install/place.js';
import { examineHosts } from '../install/registration.js';
import { checkLines } from '../terminal/check-lines.js';
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
    const checks = [
      ...(await examine(labOf(console, args), console.signal)),
      ...examineHosts(openPlace(console, null), resolve(console.cwd, args.values.project ?? '.')),
    ];
    const ok = checks.every((check) => check.state !== 'bad');
    if (args.switches.json === true) outJson(console, { ok, checks });
    else console.out(checkLines(checks, createStyle(console.colour)));
    return ok ? 0 : 1;
  },
};
