import { resolve } from 'node:path';
import { showCommand } from '../../core/command.js';
import { clip, nearest } from '../../core/text.js';
import type { Check } from '../check.js';
import { type Command, type Console, type Parsed, UsageError } from '../command.js';
import { examine, examineMachine } from '../doctor.js';
import type { Act } from '../install/act.js';
import { install } from '../install/install.js';
import { AUTO_BACKGROUND } from '../install/needs.js';
import { claudeFiles, codexFiles, hostsHere, onPath, openPlace, type Place } from '../install/place.js';
import { HOSTS, type HostName } from '../install/record.js';
import { examineHosts, TITLES } from '../install/registration.js';
import { uninstall } from '../install/uninstall.js';
import { entriesOf } from '../install/wish.js';
import { claudeServer, codexServer, wishesFor } from '../install/wishes.js';
import { checkLines } from '../terminal/check-lines.js';
import { createStyle } from '../terminal/style.js';
import { outJson } from './shared.js';

export const command: Command = {
  name: 'install',
  summary:
    'Set up Claude Code and Codex: MCP server, skills, agents, and what lets a night of waiting cost no model call.',
  usage:
    'install [--host claude,codex] [--project [DIR]] [--keep-host-defaults] [--dry-run] [--uninstall] [--json]',
  flags: {
    host: {
      kind: 'values',
      value: 'NAMES',
      help: 'claude, codex or both; those that are found here when absent.',
    },
    project: {
      kind: 'switch',
      help: 'For one project only: DIR, or the current folder. Your home is not touched.',
    },
    'keep-host-defaults': {
      kind: 'switch',
      help: 'Leave timeouts, loading of tools and moving to the background as the host has them; waiting then costs model calls or ends early.',
    },
    'dry-run': { kind: 'switch', help: 'Say every file and key that would be written; write nothing.' },
    uninstall: {
      kind: 'switch',
      help: 'Take out what was written, to the last byte; what you have changed since stays.',
    },
  },
  json: true,
  project: false,
  words: 1,
  async run(console, args) {
    const place = openPlace(console, projectOf(console, args));
    const dry = args.switches['dry-run'] === true;
    const acts: Act[] = [];
    const doing = { dry, tell: (act: Act) => void acts.push(act) };
    const named = namedHosts(args);
    if (args.switches.uninstall === true) {
      const found = uninstall(place, named.length === 0 ? null : named, doing);
      if (args.switches.json === true) outJson(console, { dry_run: dry, installed: found, acts });
      else {
        if (!found) console.out('nothing was installed here\n');
        show(console, acts, dry);
        if (found && !dry)
          console.out('\nUninstalled; a host that runs already goes on with it until it is started again.\n');
      }
      return 0;
    }
    const hosts = named.length > 0 ? named : hostsHere(place);
    const wishes = wishesFor(place, {
      hosts,
      keepHostDefaults: args.switches['keep-host-defaults'] === true,
    });
    install(place, ['cli', ...hosts], wishes, doing);
    const checks = dry ? [] : await examineAll(console, place);
    if (args.switches.json === true) {
      outJson(console, { dry_run: dry, hosts, acts, checks });
      return 0;
    }
    show(console, acts, dry);
    console.out(wordsFor(place, hosts, args, acts));
    if (!dry) console.out(`\n${checkLines(checks, createStyle(console.colour))}`);
    return 0;
  },
};

/** What the doctor says of the machine and the hosts; of a project only where one was meant. */
async function examineAll(console: Console, place: Place): Promise<Check[]> {
  const project = place.project ?? console.cwd;
  const look = place.project === null ? examineMachine : examine;
  return [
    ...(await look(console.lab(project), console.signal)),
    ...examineHosts(openPlace(console, null), project),
  ];
}

/** `--project` alone means the current folder; a word after it names another. */
function projectOf(console: Console, args: Parsed): string | null {
  const [word] = args.words;
  if (args.switches.project === true) return resolve(console.cwd, word ?? '.');
  if (word !== undefined) throw new UsageError(`unexpected "${word}"; a folder stands after --project`);
  return null;
}

function namedHosts(args: Parsed): HostName[] {
  return (args.lists.host ?? []).map((name) => {
    const host = HOSTS.find((known) => known === name);
    if (host !== undefined) return host;
    const close = nearest(name, HOSTS);
    throw new UsageError(
      `unknown host "${name}"; known: ${HOSTS.join(', ')}${close === undefined ? '' : `; did you mean ${close}?`}`,
    );
  });
}

function show(console: Console, acts: readonly Act[], dry: boolean): void {
  const style = createStyle(console.colour);
  if (dry) console.out('a dry run: nothing is written\n');
  for (const act of acts) {
    const word = act.do.padEnd(7);
    const said =
      act.do === 'keep' ? style.warn(word) : act.do === 'same' ? style.dim(word) : style.good(word);
    console.out(`${said}  ${act.path}${act.what === '' ? '' : `  ${style.dim(act.what)}`}\n`);
    for (const entry of dry ? whole(act) : inShort(act)) console.out(`           ${entry}\n`);
  }
}

/** Every file and key, a list of names on one line. */
const whole = ({ entries }: Act): string[] =>
  entries
    .join('\n')
    .replace(/\[\n([^\]]*?),?\s*\]/g, (_, names: string) => `[${names.trim().replace(/\s+/g, ' ')}]`)
    .split('\n')
    .filter((line) => line !== '');

/** What has been done, without the files of a folder that is named already. */
const inShort = (act: Act): string[] =>
  whole(act)
    .filter((line) => !line.startsWith(act.path))
    .map((line) => clip(line, 120));

/** What a person should know now. */
function wordsFor(place: Place, hosts: readonly HostName[], args: Parsed, acts: readonly Act[]): string {
  const lines: string[] = [];
  if (hosts.length === 0) lines.push(...byHand(place));
  if (hosts.includes('claude') && args.switches['keep-host-defaults'] !== true)
    lines.push(
      `Claude Code: ${AUTO_BACKGROUND.keys.at(-1)}=0 lets a call to any MCP server wait in the foreground, at no model call; --keep-host-defaults leaves it out.`,
    );
  if (hosts.includes('codex') && acts.some(({ path }) => path === codexFiles(place).hooks))
    lines.push('Codex runs hooks only when you trust them: type /hooks in it once.');
  if (place.project !== null)
    lines.push('What was written into the project holds paths of this machine: do not commit it.');
  if (hosts.length > 0)
    lines.push(
      `Start ${hosts.map((host) => TITLES[host]).join(' or ')} in your project and type ${hosts.map((host) => (host === 'claude' ? '/auto-experiment' : '$auto-experiment')).join(' or ')}; a host that runs already has to be started again.`,
    );
  if (place.project === null && onPath('auto-experiment', place.env) === null)
    lines.push(
      `The command: ${place.home}/.local/bin is not on your PATH; export PATH="$HOME/.local/bin:$PATH" puts it there.`,
    );
  return lines.length === 0 ? '' : `\n${lines.join('\n')}\n`;
}

/** How to register with a host that is installed later, or where this installer does not look. */
function byHand(place: Place): string[] {
  const server = claudeServer(place, false).values[0]?.value;
  const table = { owner: 'codex' as const, path: '', mode: 0, content: codexServer(place, false) };
  return [
    'Neither Claude Code nor Codex was found, so only the command was installed. After installing one, run this again, or by hand:',
    `  ${showCommand(['claude', 'mcp', 'add-json', 'autoexp', JSON.stringify(server), '-s', 'user'])}`,
    `  and into ${codexFiles(place).config}:`,
    ...entriesOf(table).map((line) => `    ${line.trim()}`),
    `  Skills go into ${claudeFiles(place).skills} or ${codexFiles(place).skills}.`,
  ];
}
