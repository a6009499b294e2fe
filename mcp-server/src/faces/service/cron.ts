import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabError } from '../../core/errors.js';
import type { Machine } from '../../core/ports.js';
import { exportLines, quote, quoteAll } from '../../core/posix.js';
import { isAlive, processIdentity } from '../../store/identity.js';
import type { Job } from './job.js';
import { readRecord, removeRecord, writeRecord } from './record.js';

type Exec = Pick<Machine, 'exec'>;
const ASK_MS = 20_000;

/** The crontab of this person: its text, or null where there is none. Throws LabError where there can be none. */
export async function readCrontab({ exec }: Exec): Promise<string | null> {
  const { code, stdout, stderr } = await exec(['crontab', '-l'], { timeoutMs: ASK_MS });
  if (code === 0) return stdout;
  if (code === 1 && /no crontab/i.test(stderr)) return null;
  throw new LabError(
    code === 127
      ? 'there is no crontab'
      : `crontab -l: ${stderr.trim().split('\n')[0] || `exit code ${code}`}`,
    'install cron, or use tmux',
  );
}

async function writeCrontab({ exec }: Exec, text: string | null): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'auto-experiment-cron-'));
  try {
    const file = join(folder, 'crontab');
    writeFileSync(file, text ?? '', { mode: 0o600 });
    const { code, stderr } = await exec(text === null ? ['crontab', '-r'] : ['crontab', file], {
      timeoutMs: ASK_MS,
    });
    if (code !== 0)
      throw new LabError(
        `crontab refuses: ${stderr.trim().split('\n')[0] || `exit code ${code}`}`,
        'look at it with: crontab -l',
      );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What starts it: the keys of the person, their PATH, then the loop with someone who keeps it. */
const startLine = ({ envFile, variables, keptArgv, root }: Job): string =>
  `cd ${quote(root)} && { [ ! -r ${quote(envFile)} ] || { set -a; . ${quote(envFile)}; set +a; }; } && ${exportLines(variables).replaceAll('\n', '; ')}exec ${quoteAll(keptArgv)} > /dev/null 2>&1`;

/** Both lines that go into the crontab. A `%` ends a command there. */
export const cronLines = (job: Job): string =>
  `# ${job.id}: written by auto-experiment service install, removed by auto-experiment service uninstall\n@reboot ${startLine(job).replaceAll('%', '\\%')}\n`;

/** Adds the lines and starts what they would start at the next boot. Throws LabError. */
export async function installCron(machine: Exec, job: Job): Promise<void> {
  const lines = cronLines(job);
  const before = readRecord(job);
  const text = await readCrontab(machine);
  if (text?.includes(`# ${job.id}:`) === true && (before === null || !text.includes(before.lines)))
    throw new LabError(
      'the lines of this service in your crontab were changed by somebody else',
      'they are left as they are: remove them with crontab -e, then call again',
    );
  await stopStarted(job);
  const rest = before === null ? (text ?? '') : (text ?? '').replace(before.lines, '');
  const glue = rest === '' || rest.endsWith('\n') ? '' : '\n';
  const record = {
    kind: 'cron' as const,
    root: job.root,
    folders: [],
    lines: glue + lines,
    noCrontab: before?.noCrontab ?? text === null,
    started: null,
  };
  writeRecord(job, record);
  await writeCrontab(machine, rest + glue + lines);
  const child = spawn('/bin/sh', ['-c', startLine(job)], { detached: true, stdio: 'ignore' });
  child.on('error', () => undefined);
  child.unref();
  writeRecord(job, { ...record, started: child.pid === undefined ? null : processIdentity(child.pid) });
}

/** Takes exactly our lines out again, and ends what was started. Throws LabError where they were changed. */
export async function uninstallCron(machine: Exec, job: Job): Promise<void> {
  const record = readRecord(job);
  if (record === null) return;
  const text = await readCrontab(machine);
  if (text?.includes(record.lines) === true) {
    const rest = text.replace(record.lines, '');
    await writeCrontab(machine, rest === '' && record.noCrontab ? null : rest);
  } else if (text?.includes(`# ${job.id}:`) === true)
    throw new LabError(
      'the lines of this service in your crontab were changed by somebody else',
      'they are left as they are: remove them with crontab -e',
    );
  await stopStarted(job);
  removeRecord(job);
}

/** Ends what an installation of ours has started, when it still is that process. */
async function stopStarted(job: Job): Promise<void> {
  const started = readRecord(job)?.started ?? null;
  if (started === null || !isAlive(started)) return;
  process.kill(started.pid, 'SIGTERM');
}
