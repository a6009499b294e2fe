import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { showCommand } from '../../core/command.js';
import { LabError } from '../../core/errors.js';
import { stateFolder } from '../../store/leases.js';
import { ownConfigPath } from '../../store/user.js';

type Env = Readonly<Record<string, string | undefined>>;

const HANDED_ON = ['PATH', 'AUTO_EXPERIMENT_STATE_DIR', 'AUTO_EXPERIMENT_CONFIG_DIR'];

/** What a service of one project runs, whatever starts it. */
export interface Job {
  /** Unique on this computer for the project's folder, and readable: `auto-experiment-digits-1a2b3c4d`. */
  id: string;
  root: string;
  /** `node main.cjs run --project …`. */
  argv: string[];
  /** Under cron nothing starts it again after a crash, and nothing keeps its log small: this does. */
  keptArgv: string[];
  /** Of the person who installs it: PATH, because a service's own finds neither conda nor a CLI, and where our folders are. */
  variables: Record<string, string>;
  /** `NAME=value` lines, for keys. Written by the person, never by us. */
  envFile: string;
  /** Where we remember what we have changed. */
  record: string;
  log: string;
}

export function serviceJob(
  { env, node, program }: { env: Env; node: string; program: string },
  { root, workspace }: { root: string; workspace: string },
  args: readonly string[],
): Job {
  for (const word of [root, node, program, ...args])
    if (/[\0\r\n]/.test(word))
      throw new LabError('a service cannot hold a line break', 'move the project to a path without one');
  const name =
    basename(root)
      .replace(/[^A-Za-z0-9_-]+/g, '-')
      .slice(0, 40) || 'project';
  const id = `auto-experiment-${name}-${createHash('sha256').update(root).digest('hex').slice(0, 8)}`;
  const end = ['--project', root, ...args];
  return {
    id,
    root,
    argv: [node, program, 'run', ...end],
    keptArgv: [
      node,
      program,
      'service',
      'keep',
      '--project',
      root,
      ...(args.length === 0 ? [] : ['--', ...args]),
    ],
    variables: Object.fromEntries(
      HANDED_ON.flatMap((name) => {
        const value = env[name];
        return value === undefined || value === '' || /[\0\r\n]/.test(value) ? [] : [[name, value]];
      }),
    ),
    envFile: join(ownConfigPath(env), '..', 'env'),
    record: join(stateFolder(env), 'services', `${id}.json`),
    log: join(workspace, 'service.log'),
  };
}

/** The recipe for a computer that has neither systemd nor cron for this person. */
export const tmuxRecipe = ({ id, root, argv }: Job): string =>
  `keep it in tmux instead: ${showCommand(['tmux', 'new-session', '-d', '-s', id, '-c', root, ...argv])}; look at it with: tmux attach -t ${id}`;
