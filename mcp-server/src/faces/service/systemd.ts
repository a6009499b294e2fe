import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { LabError } from '../../core/errors.js';
import type { Machine } from '../../core/ports.js';
import { readTextIfThere, writeAtomic } from '../../store/files.js';
import type { Job } from './job.js';
import { makeFolders, readRecord, removeEmpty, removeRecord, writeRecord } from './record.js';

type Env = Readonly<Record<string, string | undefined>>;
export interface Systemd {
  machine: Pick<Machine, 'exec'>;
  env: Env;
}

const ASK_MS = 20_000;

/** Why systemd cannot keep services of this person; null when it can. */
export async function noSystemd({ machine }: Systemd): Promise<string | null> {
  const { code, stderr } = await machine.exec(['systemctl', '--user', 'show-environment'], {
    timeoutMs: ASK_MS,
  });
  if (code === 0) return null;
  return code === 127
    ? 'there is no systemctl'
    : stderr.trim().split('\n')[0] || `systemctl ends with ${code}`;
}

export const unitPath = ({ env }: Pick<Systemd, 'env'>, { id }: Job): string => {
  const base = env.XDG_CONFIG_HOME?.startsWith('/')
    ? env.XDG_CONFIG_HOME
    : join(env.HOME || homedir(), '.config');
  return join(base, 'systemd', 'user', `${id}.service`);
};

const MARK =
  '# Written by `auto-experiment service install`, removed by `auto-experiment service uninstall`.';

/** The whole file. It begins with its own hash, by which we know it again. */
export function unitText(job: Job): string {
  const body = [
    MARK,
    '[Unit]',
    `Description=auto-experiment: ${job.root.replaceAll('%', '%%')}`,
    'StartLimitIntervalSec=3600',
    'StartLimitBurst=10',
    '',
    '[Service]',
    'Type=exec',
    `WorkingDirectory=${job.root.replaceAll('%', '%%')}`,
    `ExecStart=${job.argv.map(unitWord).join(' ')}`,
    ...Object.entries(job.variables).map(
      // No variables are put in here, so that a `$` is one.
      ([name, value]) => `Environment=${unitWord(`${name}=${value}`).replaceAll('$$', '$')}`,
    ),
    `EnvironmentFile=-${job.envFile.replaceAll('%', '%%')}`,
    '# Training is no child of it, and goes on when it is stopped.',
    'KillMode=process',
    'TimeoutStopSec=60',
    'Restart=on-failure',
    'RestartSec=60',
    'RestartPreventExitStatus=2',
    '',
    '[Install]',
    'WantedBy=default.target',
    '',
  ].join('\n');
  return `# ${hashOf(body)}\n${body}`;
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** A word of systemd.exec(5): quoted, with its specifiers and variables taken as they are. */
const unitWord = (word: string): string =>
  `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;

/** `none`: no file. `ours`: as we wrote it. `other`: written or changed by somebody else. */
function unitState(path: string): 'none' | 'ours' | 'other' {
  const text = readTextIfThere(path);
  if (text === null) return 'none';
  const [, hash, body] = /^# ([0-9a-f]{16})\n([\s\S]*)$/.exec(text) ?? [];
  return body?.startsWith(MARK) === true && hash === hashOf(body) ? 'ours' : 'other';
}

const ctl = async ({ machine }: Systemd, ...words: string[]): Promise<void> => {
  const { code, stderr } = await machine.exec(['systemctl', '--user', ...words], { timeoutMs: ASK_MS });
  if (code !== 0)
    throw new LabError(
      `systemctl --user ${words.join(' ')} failed: ${stderr.trim().split('\n')[0] || `exit code ${code}`}`,
      'look at it with: systemctl --user status',
    );
};

/** Throws LabError, also where there is a unit of this name that we did not write. */
export async function installUnit(systemd: Systemd, job: Job): Promise<void> {
  const path = unitPath(systemd, job);
  assertOurs(path);
  const folders = makeFolders(join(path, '..'));
  const before = readRecord(job);
  // The intent is kept first: an installation that was cut short can be taken back.
  writeRecord(job, {
    kind: 'systemd',
    root: job.root,
    folders: [...(before?.folders ?? []), ...folders],
    lines: '',
    noCrontab: false,
    started: null,
  });
  writeAtomic(path, unitText(job));
  await ctl(systemd, 'daemon-reload');
  await ctl(systemd, 'enable', `${job.id}.service`);
  await ctl(systemd, 'restart', `${job.id}.service`);
}

function assertOurs(path: string): void {
  if (unitState(path) !== 'other') return;
  throw new LabError(
    `${path} was written or changed by somebody else`,
    'it is left as it is: move it away, then call again',
  );
}

/** Stops and removes the unit that we wrote. Throws LabError where it was changed since. */
export async function uninstallUnit(systemd: Systemd, job: Job): Promise<void> {
  const path = unitPath(systemd, job);
  assertOurs(path);
  if (unitState(path) === 'ours') {
    await ctl(systemd, 'disable', '--now', `${job.id}.service`);
    rmSync(path);
    await ctl(systemd, 'daemon-reload');
  }
  removeEmpty(readRecord(job)?.folders ?? []);
  removeRecord(job);
}

/** `active`, `inactive`, `failed`, … as systemd says. */
export async function unitActive({ machine }: Systemd, { id }: Job): Promise<string> {
  const { stdout } = await machine.exec(['systemctl', '--user', 'is-active', `${id}.service`], {
    timeoutMs: ASK_MS,
  });
  return stdout.trim() || 'unknown';
}

/** Whether services of this person run while nobody is logged in; null when that is not told. */
export async function lingers({ machine, env }: Systemd): Promise<boolean | null> {
  const who = env.USER ?? env.LOGNAME;
  const argv = ['loginctl', 'show-user', ...(who === undefined ? [] : [who]), '--property=Linger'];
  const { code, stdout } = await machine.exec(argv, { timeoutMs: ASK_MS });
  return code === 0 && /^Linger=(yes|no)/.test(stdout) ? stdout.startsWith('Linger=yes') : null;
}
