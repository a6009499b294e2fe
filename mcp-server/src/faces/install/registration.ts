import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { LabError } from '../../core/errors.js';
import type { Check } from '../check.js';
import { bytesOf } from './disk.js';
import { valueAt } from './json.js';
import { AUTO_BACKGROUND } from './needs.js';
import { claudeFiles, codexFiles, hostsHere, onPath, type Place } from './place.js';
import type { HostName } from './record.js';
import { tableAt } from './toml.js';
import { SERVER } from './wish.js';
import { skillNames } from './wishes.js';

export const TITLES: Record<HostName, string> = { claude: 'Claude Code', codex: 'Codex' };

/** What Claude Code and Codex know of this program; reads their settings and starts neither. */
export function examineHosts(place: Place, project: string): Check[] {
  const hosts = hostsHere(place);
  if (hosts.length === 0)
    return [
      {
        name: 'hosts',
        state: 'note',
        text: 'neither Claude Code nor Codex is here',
        hint: 'install one and run auto-experiment install; auto-experiment run works without',
      },
    ];
  return hosts.flatMap((host) => examineHost(host, place, { ...place, project }));
}

function examineHost(host: HostName, user: Place, inProject: Place): Check[] {
  const mend = `auto-experiment install --host ${host}`;
  const note = (text: string, hint: string): Check => ({ name: TITLES[host], state: 'note', text, hint });
  try {
    // A project's own settings win over those of the person.
    const found = [inProject, user].map((place) => FIND[host](place)).find((one) => one !== null);
    if (found === undefined || found === null) return [note('does not know auto-experiment yet', mend)];
    const checks: Check[] = [];
    const gone = [found.command, ...found.args.filter((word) => word.startsWith('/'))].find(
      (path) => !isThere(path, user),
    );
    if (gone !== undefined)
      checks.push({
        name: TITLES[host],
        state: 'bad',
        text: `starts ${gone}, which is not there any more`,
        hint: `${mend} writes where it is now`,
      });
    if (found.waits.length > 0)
      checks.push(note(`a wait may end early or cost model calls: ${found.waits.join(', ')}`, mend));
    const missing = skillNames(user).filter(
      (name) =>
        ![inProject, user].some((place) => existsSync(join(FILES[host](place).skills, name, 'SKILL.md'))),
    );
    if (missing.length > 0) checks.push(note(`skills missing: ${missing.join(', ')}`, mend));
    if (checks.length === 0) {
      const text = `registered in ${found.path}; waiting costs no model call; ${skillNames(user).length} skills`;
      checks.push({ name: TITLES[host], state: 'good', text, hint: null });
    }
    return checks;
  } catch (error) {
    if (error instanceof LabError)
      return [{ name: TITLES[host], state: 'bad', text: error.message, hint: error.hint }];
    throw error;
  }
}

const FILES = { claude: claudeFiles, codex: codexFiles };

const isThere = (program: string, place: Place): boolean =>
  program.includes('/') ? existsSync(program) : onPath(program, place.env) !== null;

interface Found {
  path: string;
  command: string;
  args: string[];
  /** Switches for waiting that are not set. */
  waits: string[];
}

const Server = z.looseObject({ command: z.string(), args: z.array(z.string()).default([]) });

const text = (path: string): string => bytesOf(path)?.toString('utf8') ?? '';

const FIND: Record<HostName, (place: Place) => Found | null> = {
  claude(place) {
    const { servers, settings } = claudeFiles(place);
    const server = Server.safeParse(valueAt(text(servers), ['mcpServers', SERVER], servers)).data;
    if (server === undefined) return null;
    const files = [settings, claudeFiles({ ...place, project: null }).settings];
    const still = files.some((path) =>
      isDeepStrictEqual(valueAt(text(path), AUTO_BACKGROUND.keys, path), AUTO_BACKGROUND.value),
    );
    const waits = [
      ...(server.alwaysLoad === true ? [] : ['alwaysLoad']),
      ...(typeof server.timeout === 'number' ? [] : ['timeout']),
      ...(still ? [] : [AUTO_BACKGROUND.keys.join('.')]),
    ];
    return { path: servers, command: server.command, args: server.args, waits };
  },
  codex(place) {
    const { config } = codexFiles(place);
    const server = Server.safeParse(tableAt(text(config), ['mcp_servers', SERVER], config)).data;
    if (server === undefined) return null;
    const waits = ['tool_timeout_sec', 'required'].filter((key) => server[key] === undefined);
    return { path: config, command: server.command, args: server.args, waits };
  },
};
