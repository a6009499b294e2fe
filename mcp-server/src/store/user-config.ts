import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/** Folder of what this user decides for all projects: `$AUTO_EXPERIMENT_CONFIG_DIR`, else `auto-experiment` below `$XDG_CONFIG_HOME` or `~/.config`. */
export function userConfigFolder(env: Env): string {
  const own = env.AUTO_EXPERIMENT_CONFIG_DIR;
  if (own !== undefined && own !== '') return resolve(own);
  const base = env.XDG_CONFIG_HOME;
  return join(base?.startsWith('/') ? base : join(env.HOME || homedir(), '.config'), 'auto-experiment');
}

/** A path of the user's with `~` for the home folder. */
export function expandHome(path: string, env: Env): string {
  return path === '~' || path.startsWith('~/') ? join(env.HOME || homedir(), path.slice(1)) : path;
}
