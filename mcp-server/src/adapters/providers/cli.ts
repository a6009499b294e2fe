import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorCode } from '../../core/errors.js';
import { type AgentTask, ProviderError, type ProviderName } from '../../core/provider.js';
import { clip, oneLine } from '../../core/text.js';
import { isOnPath } from '../machines/on-path.js';
import { type ChildTask, type Ended, runChild } from './child.js';
import type { Door } from './door.js';

/** Name under which a CLI knows our server; tools are then `mcp__autoexp__…` to its model. */
export const SERVER = 'autoexp';

export interface Cli {
  provider: ProviderName;
  program: 'claude' | 'codex';
  /** What a person does who does not have it. */
  install: string;
}

/** Throws ProviderError (`setup`) where the program is not on PATH. */
export function assertInstalled({ provider, program, install }: Cli, door: Door): void {
  if (isOnPath(program, door.env)) return;
  throw new ProviderError('setup', `${provider}: there is no program "${program}" on PATH`, install);
}

/** What a CLI says that is too old for us, or that cannot start our server. */
const UNFIT = /unknown option|unexpected argument|unrecognized (?:option|subcommand)|required MCP server/i;

/** Throws ProviderError (`setup`) where the words of a CLI say that it cannot be used in this way. */
export function assertFits(
  { provider, program, install }: Cli,
  words: string,
  redact: (text: string) => string,
): void {
  if (!UNFIT.test(words)) return;
  throw new ProviderError(
    'setup',
    `${provider}: ${program} cannot be used as it is: ${clip(oneLine(redact(words)), 200)}`,
    `a newer ${program} may be needed: ${install}`,
  );
}

/** The argv of our MCP server with a role's tools. */
export const serverArgs = (task: AgentTask, door: Door): string[] => [
  door.program,
  'mcp',
  '--role',
  task.role,
  '--project',
  task.project,
];

/** A private folder for what a CLI reads from files; it is gone when `act` is done. */
export async function withFolder<T>(
  act: (write: (name: string, text: string) => string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'auto-experiment-cli-'));
  try {
    return await act((name, text) => {
      const path = join(folder, name);
      writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
      return path;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the CLI; what cannot be started or had to be ended is a ProviderError. */
export async function runCli(
  cli: Cli,
  task: Omit<ChildTask, 'program'>,
  redact: (text: string) => string,
): Promise<Ended> {
  const ended = await runChild({ ...task, program: cli.program }).catch((error: unknown) => {
    const code = errorCode(error);
    if (code !== 'ENOENT' && code !== 'EACCES' && code !== 'E2BIG') throw error;
    throw new ProviderError(
      'setup',
      `${cli.provider}: ${cli.program} cannot be started (${code})`,
      cli.install,
    );
  });
  if (ended.ended === 'size')
    throw new ProviderError(
      'bad_answer',
      `${cli.provider}: ${cli.program} wrote more than 8 MB`,
      'it was ended; what its tools did is in the ledger',
    );
  if (ended.ended === 'timeout') {
    const minutes = Math.round(task.timeoutMs / 60_000);
    const said = clip(oneLine(redact(ended.stderr)), 160);
    throw new ProviderError(
      'bad_answer',
      `${cli.provider}: ${cli.program} was not done after ${minutes < 1 ? `${Math.round(task.timeoutMs / 1000)} s` : `${minutes} min`}${said === '' ? '' : `: ${said}`}`,
      'it was ended; what its tools did is in the ledger',
    );
  }
  return ended;
}
