import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { z } from 'zod';
import { shellWord } from '../../core/command.js';
import { LabError } from '../../core/errors.js';
import { readTextIfThere } from '../../store/files.js';
import type { Mine } from './json.js';
import { AUTO_BACKGROUND, CLAUDE_WAITING, CODEX_ENV_VARS, CODEX_WAITING } from './needs.js';
import { claudeFiles, codexFiles, onPath, type Place } from './place.js';
import { PLUGIN_PROGRAM } from './plugin.js';
import type { HostName } from './record.js';
import { type FilesWish, SERVER, type Wishes } from './wish.js';

interface WishOptions {
  hosts: readonly HostName[];
  /** Leave out what changes how a host waits. */
  keepHostDefaults: boolean;
}

/** Everything that an installation wants to be there. Reads the package; writes nothing. */
export function wishesFor(place: Place, { hosts, keepHostDefaults }: WishOptions): Wishes {
  const wishes: Wishes = { files: commandFile(place), edits: [] };
  const skills = skillNames(place).map((name) => join(place.packageRoot, 'skills', name));
  if (hosts.includes('claude')) {
    const { folder: _, ...at } = claudeFiles(place);
    const hooks = hooksOf(place).map((mine) => ({ ...mine, keys: ['hooks', ...mine.keys] }));
    const values: Mine[] = keepHostDefaults ? [] : [AUTO_BACKGROUND];
    const approved: Mine[] =
      place.project === null ? [] : [{ keys: ['enabledMcpjsonServers'], value: SERVER }];
    wishes.files.push(
      ...skills.map((skill) => folderWish('claude', `skill ${basename(skill)}`, skill, at.skills)),
    );
    wishes.files.push(...agentFiles(place, at.agents));
    wishes.edits.push({
      owner: 'claude',
      path: at.servers,
      mode: 0o600,
      content: claudeServer(place, keepHostDefaults),
    });
    if (values.length + hooks.length + approved.length > 0) {
      const items = [...approved, ...hooks];
      wishes.edits.push({
        owner: 'claude',
        path: at.settings,
        mode: 0o644,
        content: { kind: 'json', values, items },
      });
    }
  }
  if (hosts.includes('codex')) {
    const at = codexFiles(place);
    const hooks = hooksOf(place).map((mine) => ({ ...mine, keys: ['hooks', ...mine.keys] }));
    wishes.files.push(
      ...skills.map((skill) => folderWish('codex', `skill ${basename(skill)}`, skill, at.skills)),
    );
    wishes.edits.push({
      owner: 'codex',
      path: at.config,
      mode: 0o600,
      content: codexServer(place, keepHostDefaults),
    });
    if (hooks.length > 0)
      wishes.edits.push({
        owner: 'codex',
        path: at.hooks,
        mode: 0o644,
        content: { kind: 'json', values: [], items: hooks },
      });
  }
  return wishes;
}

/** The skills that the package holds. */
export function skillNames({ packageRoot }: Pick<Place, 'packageRoot'>): string[] {
  return entriesOf(join(packageRoot, 'skills'))
    .filter((folder) => existsSync(join(folder, 'SKILL.md')))
    .map((folder) => basename(folder));
}

export function claudeServer(place: Place, keepHostDefaults: boolean) {
  const waiting = keepHostDefaults ? {} : CLAUDE_WAITING;
  const value = { type: 'stdio', command: place.node, args: [place.program, 'mcp'], ...waiting };
  return { kind: 'json' as const, values: [{ keys: ['mcpServers', SERVER], value }], items: [] };
}

export function codexServer(place: Place, keepHostDefaults: boolean) {
  const waiting = Object.entries(keepHostDefaults ? {} : CODEX_WAITING);
  const lines = [
    `command = ${tomlText(place.node)}`,
    `args = [${tomlText(place.program)}, "mcp"]`,
    ...waiting.map(([key, value]) => `${key} = ${typeof value === 'string' ? tomlText(value) : value}`),
    'env_vars = [',
    ...CODEX_ENV_VARS.map((name) => `  ${tomlText(name)},`),
    ']',
  ];
  return { kind: 'toml' as const, keys: ['mcp_servers', SERVER], lines };
}

/** A basic string of TOML: the escapes of JSON are all valid in it, except that DEL has to be escaped too. */
const tomlText = (text: string): string => JSON.stringify(text).replaceAll('\x7f', '\\u007f');

/** `~/.local/bin/auto-experiment`, unless the command on PATH is this program already. A project gets none. */
function commandFile(place: Place): FilesWish[] {
  const path = join(place.home, '.local', 'bin', 'auto-experiment');
  const there = onPath('auto-experiment', place.env);
  if (place.project !== null || (there !== null && there !== path && sameFile(there, place.program)))
    return [];
  const data = Buffer.from(`#!/bin/sh\nexec ${shellWord(place.node)} ${shellWord(place.program)} "$@"\n`);
  return [
    { owner: 'cli', what: 'the command auto-experiment', root: path, files: [{ path, data, mode: 0o755 }] },
  ];
}

function sameFile(one: string, other: string): boolean {
  const [a, b] = [statSync(one), statSync(other)];
  return a.ino === b.ino && a.dev === b.dev;
}

/** Sub-agents of Claude Code: one file each. */
function agentFiles({ packageRoot }: Place, folder: string): FilesWish[] {
  return entriesOf(join(packageRoot, 'agents'))
    .filter((path) => path.endsWith('.md'))
    .map((from) => {
      const path = join(folder, basename(from));
      const files = [{ path, data: readFileSync(from), mode: 0o644 }];
      return { owner: 'claude' as const, what: `agent ${basename(from, '.md')}`, root: path, files };
    });
}

function folderWish(owner: HostName, what: string, from: string, into: string): FilesWish {
  const root = join(into, basename(from));
  const files = readdirSync(from, { recursive: true, encoding: 'utf8' })
    .map((name) => join(from, name))
    .filter((path) => lstatSync(path).isFile())
    .sort()
    .map((path) => ({
      path: join(root, relative(from, path)),
      data: readFileSync(path),
      mode: (statSync(path).mode & 0o111) === 0 ? 0o644 : 0o755,
    }));
  return { owner, what, root, files };
}

const entriesOf = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .map((name) => join(folder, name))
    : [];

const Hooks = z.object({
  hooks: z.record(
    z.string(),
    z.array(
      z.strictObject({
        matcher: z.string().optional(),
        hooks: z.array(
          z.strictObject({ type: z.literal('command'), command: z.string(), timeout: z.number().optional() }),
        ),
      }),
    ),
  ),
});

/** The hooks of the package's `hooks/hooks.json`, the one place where they stand, for this program. */
function hooksOf({ packageRoot, node, program }: Place): Mine[] {
  const path = join(packageRoot, 'hooks', 'hooks.json');
  const text = readTextIfThere(path);
  if (text === null) return [];
  const start = `${shellWord(node)} ${shellWord(program)}`;
  return Object.entries(Hooks.parse(JSON.parse(text)).hooks).flatMap(([event, groups]) =>
    groups.map(({ matcher, hooks }) => {
      const own = hooks.map((hook) => {
        if (!hook.command.startsWith(PLUGIN_PROGRAM))
          throw new LabError(`a hook in ${path} does not start with ${PLUGIN_PROGRAM}`, 'mend the package');
        const command = start + hook.command.slice(PLUGIN_PROGRAM.length);
        return { type: hook.type, command, ...(hook.timeout === undefined ? {} : { timeout: hook.timeout }) };
      });
      return { keys: [event], value: { ...(matcher === undefined ? {} : { matcher }), hooks: own } };
    }),
  );
}
