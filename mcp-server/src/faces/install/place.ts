import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { stateFolder } from '../../store/leases.js';
import { hashOf } from './disk.js';
import { HOSTS, type HostName } from './record.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Where an installation goes, and what it installs. */
export interface Place {
  env: Env;
  home: string;
  /** The project's folder, or null for all projects of this person. */
  project: string | null;
  /** Folder of the record and the backups. */
  record: string;
  /** What is installed: the package's folder, the file that runs, and the Node that runs it. */
  packageRoot: string;
  program: string;
  node: string;
}

export function openPlace(
  { env, packageRoot, program, node }: Pick<Place, 'env' | 'packageRoot' | 'program' | 'node'>,
  project: string | null,
): Place {
  const home = env.HOME || homedir();
  // The state folder may be shared by several homes.
  const ofHome = join(stateFolder(env), 'install', hashOf(home).slice(0, 12));
  const record = project === null ? ofHome : join(project, '.auto-experiment', 'install');
  return { env, packageRoot, program, node, home, project, record };
}

/** Claude Code's own files: below `~/.claude`, or `$CLAUDE_CONFIG_DIR`; of a project below its `.claude`. */
export function claudeFiles({ env, home, project }: Place) {
  const moved = env.CLAUDE_CONFIG_DIR || undefined;
  const folder = project === null ? (moved ?? join(home, '.claude')) : join(project, '.claude');
  return {
    folder,
    servers: project === null ? join(moved ?? home, '.claude.json') : join(project, '.mcp.json'),
    // What we set holds paths of this machine: in a project it goes into the file that is not shared.
    settings: join(folder, project === null ? 'settings.json' : 'settings.local.json'),
    skills: join(folder, 'skills'),
    agents: join(folder, 'agents'),
  };
}

/** Codex's own files: below `~/.codex`, or `$CODEX_HOME`; of a project below its `.codex`. Skills lie in `.agents`. */
export function codexFiles({ env, home, project }: Place) {
  const folder = project === null ? env.CODEX_HOME || join(home, '.codex') : join(project, '.codex');
  return {
    folder,
    config: join(folder, 'config.toml'),
    hooks: join(folder, 'hooks.json'),
    skills: join(project ?? home, '.agents', 'skills'),
  };
}

/** The hosts of this person: their program is on PATH, or they have left their folder. */
export function hostsHere(place: Place): HostName[] {
  const user = { ...place, project: null };
  const traces: Record<HostName, string[]> = {
    claude: [claudeFiles(user).folder, claudeFiles(user).servers],
    codex: [codexFiles(user).folder],
  };
  return HOSTS.filter(
    (host) => onPath(host, place.env) !== null || traces[host].some((path) => existsSync(path)),
  );
}

/** The file of a program on PATH, or null. */
export function onPath(program: string, env: Env): string | null {
  const found = (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, program))
    .find(isProgram);
  return found ?? null;
}

function isProgram(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not ours to run: the next folder of PATH is asked.
    return false;
  }
}
