import { LabError } from '../../core/errors.js';
import { controllerLock } from '../../engine/runs/supervised.js';
import { lockHolder } from '../../store/lock.js';
import { type Command, type Console, UsageError } from '../command.js';
import { cronLines, installCron, readCrontab, uninstallCron } from '../service/cron.js';
import { type Job, serviceJob, tmuxRecipe } from '../service/job.js';
import { keepRunning } from '../service/keep.js';
import { readRecord } from '../service/record.js';
import {
  installUnit,
  lingers,
  noSystemd,
  type Systemd,
  uninstallUnit,
  unitActive,
  unitPath,
  unitText,
} from '../service/systemd.js';
import { labOf, outJson } from './shared.js';

export const command: Command = {
  name: 'service',
  summary: 'Keep the loop of this project running over crashes, logouts and reboots (systemd or cron).',
  usage: 'service install|uninstall|status [--dry-run] [--project DIR] [--json] [-- OPTIONS OF run]',
  flags: { 'dry-run': { kind: 'switch', help: 'Show what would be written and run, and do nothing.' } },
  json: true,
  project: true,
  words: 1,
  async run(console, args) {
    const lab = labOf(console, args);
    const { paths } = lab.open();
    const job = serviceJob(console, paths, args.rest ?? []);
    const systemd: Systemd = { machine: lab.machine, env: console.env };
    const dry = args.switches['dry-run'] === true;
    switch (args.words[0]) {
      case 'install':
        return install(console, job, systemd, dry);
      case 'uninstall':
        return uninstall(console, job, systemd, dry);
      case 'status':
        return status(console, job, systemd, args.switches.json === true);
      case 'keep':
        return keepRunning(job, console.signal, lab.clock);
      default:
        throw new UsageError(`service takes install, uninstall or status, not "${args.words[0] ?? ''}"`);
    }
  },
};

async function install(console: Console, job: Job, systemd: Systemd, dry: boolean): Promise<number> {
  const before = readRecord(job);
  const why = await noSystemd(systemd);
  const notes = [
    `keys: write NAME=value lines into ${job.envFile} (chmod 600); this shell’s variables do not reach a service`,
  ];
  if (why === null && before?.kind !== 'cron') {
    const path = unitPath(systemd, job);
    if ((await lingers(systemd)) === false)
      notes.push('it runs while you are logged in; for days and nights: loginctl enable-linger');
    notes.push(`its output: journalctl --user -u ${job.id} -f`);
    if (dry) {
      console.out(
        `would write ${path}:\n\n${unitText(job)}\nand run: systemctl --user daemon-reload, enable, restart\n`,
      );
      return 0;
    }
    await installUnit(systemd, job);
    console.out(`installed and started: ${path}\n${notes.join('\n')}\n`);
    return 0;
  }
  const noCron = await withoutCron(systemd);
  if (noCron !== null)
    throw new LabError(
      `no service can be installed here: ${why ?? 'systemd is not used for this project'}; ${noCron}`,
      tmuxRecipe(job),
    );
  notes.push(`its output: ${job.log}`);
  if (dry) {
    console.out(
      `${why ?? 'installed with cron before'}; would add to your crontab:\n\n${cronLines(job)}\nand start it now\n`,
    );
    return 0;
  }
  await installCron(systemd.machine, job);
  console.out(`installed in your crontab and started (${why ?? 'as before'})\n${notes.join('\n')}\n`);
  return 0;
}

async function withoutCron({ machine }: Systemd): Promise<string | null> {
  try {
    await readCrontab(machine);
    return null;
  } catch (error) {
    if (error instanceof LabError) return error.message;
    throw error;
  }
}

async function uninstall(console: Console, job: Job, systemd: Systemd, dry: boolean): Promise<number> {
  const record = readRecord(job);
  if (record === null) {
    console.out('nothing is installed for this project\n');
    return 0;
  }
  const what = record.kind === 'systemd' ? unitPath(systemd, job) : 'two lines of your crontab';
  if (dry) {
    console.out(`would stop the loop and remove ${what}\n`);
    return 0;
  }
  await (record.kind === 'systemd' ? uninstallUnit(systemd, job) : uninstallCron(systemd.machine, job));
  console.out(`removed: ${what}. Training that runs goes on.\n`);
  return 0;
}

async function status(console: Console, job: Job, systemd: Systemd, json: boolean): Promise<number> {
  const record = readRecord(job);
  const holder = await lockHolder(controllerLock(job.root));
  const state =
    record === null
      ? 'not installed'
      : record.kind === 'systemd'
        ? await unitActive(systemd, job)
        : 'in crontab';
  const running = holder === null ? null : { pid: holder.pid, about: holder.about };
  if (json) {
    outJson(console, { id: job.id, kind: record?.kind ?? null, state, running });
    return 0;
  }
  console.out(
    [
      record === null ? 'service: not installed' : `service: ${record.kind}, ${state} (${job.id})`,
      running === null
        ? 'loop: not running'
        : `loop: running${running.pid === null ? '' : `, process ${running.pid}`}`,
      ...(record === null
        ? []
        : [`output: ${record.kind === 'systemd' ? `journalctl --user -u ${job.id}` : job.log}`]),
      '',
    ].join('\n'),
  );
  return 0;
}
