// The temporary projects of the kill sweep, and what can be seen of them from outside.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MARK = 'KILL_SWEEP_PROJECT';

/** Notes its own start first of all, then prints a metric that depends on its parameters and its seed alone. */
const TRAIN = `import os, sys, time
args = sys.argv[1:]
option = lambda name, default: float(args[args.index(name) + 1]) if name in args else default
dry = '--dry' in args
run = 'dry' if dry else os.environ['AUTO_EXPERIMENT_RUN'].split('@')[0]
out = os.open(os.environ['STARTS'], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(out, f'{run} {os.getpid()}\\n'.encode())
x, y = option('--x', 0.5), option('--y', 2)
noise = 0.02 * (int(os.environ.get('SEED', '0')) % 1000) / 1000
value = round(0.9 - (x - 0.62) ** 2 - 0.02 * abs(y - 5) + noise, 6)
for step in range(1, 6):
    time.sleep(0.04 if dry else 0.12)
    print(f'step {step} val_acc {round(value - 0.1 / step + 0.02, 6)}', flush=True)
`;

/** The value that this command's run must show on this seed; null = it was given none. */
export function expectedValue(command, seed) {
  const option = (name, otherwise) =>
    command.includes(name) ? Number(command[command.indexOf(name) + 1]) : otherwise;
  const noise = (0.02 * ((seed ?? 0) % 1000)) / 1000;
  const value = round(0.9 - (option('--x', 0.5) - 0.62) ** 2 - 0.02 * Math.abs(option('--y', 2) - 5) + noise);
  return round(value - 0.1 / 5 + 0.02);
}

const round = (number) => Math.round(number * 1e6) / 1e6;

/** Makes a project in `dir`. `starts` lies beside it, since the code below the project must not change. */
export function makeProject(dir, { runs, parallel, git, seed, seeded, mind }) {
  const project = join(dir, 'project');
  for (const folder of ['project', 'home', 'tmp']) mkdirSync(join(dir, folder), { recursive: true });
  const starts = join(dir, 'starts');
  writeFileSync(join(project, 'train.py'), TRAIN);
  writeFileSync(
    join(project, 'PROJECT_BRIEF.md'),
    '---\nmetric: val_acc\ndirection: maximize\n---\n# Goal\nThe best value.\n',
  );
  const config = {
    gpu: { auto_detect: false },
    experiment: {
      command: 'python3 train.py',
      dry_run_args: ['--dry'],
      max_parallel: parallel,
      stop_grace: 2,
      env: { STARTS: starts },
      ...(seeded === true ? { seed_env: 'SEED' } : {}),
    },
    ...(mind === null
      ? {
          sweep: {
            parameters: { x: { uniform: [0, 1] }, y: { int: [1, 9] } },
            max_runs: runs,
            patience: 1000,
            seed,
          },
        }
      : { agent: { cooldown_interval: 0 } }),
  };
  writeFileSync(join(project, 'config.yaml'), `${JSON.stringify(config, null, 2)}\n`);
  if (git) {
    writeFileSync(join(project, '.gitignore'), 'workspace/\n');
    const quiet = { cwd: project, stdio: 'ignore' };
    execFileSync('git', ['init', '-q'], quiet);
    execFileSync('git', ['add', '.'], quiet);
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-qm', 'start'], quiet);
  }
  const { PATH, LANG } = process.env;
  const env = {
    PATH,
    LANG,
    HOME: join(dir, 'home'),
    TMPDIR: join(dir, 'tmp'),
    AUTO_EXPERIMENT_STATE_DIR: join(dir, 'home', 'state'),
    [MARK]: project,
    ...(mind === null ? {} : { ANTHROPIC_API_KEY: 'a-key-for-loopback' }),
  };
  const workspace = join(project, 'workspace');
  return {
    dir,
    project,
    workspace,
    starts,
    env,
    runs: join(workspace, 'runs'),
    ledger: join(workspace, 'ledger.jsonl'),
    limit: runs,
    seeded: seeded === true,
    leader: mind !== null,
    run: ['run', '--json', ...(mind === null ? [] : ['--base-url', mind])],
  };
}

export function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return '';
    throw error;
  }
}

/** Whole lines of the ledger, parsed; `torn` counts those that cannot be. */
export function ledgerOf(path) {
  const records = [];
  let torn = 0;
  for (const line of textOf(path).split('\n')) {
    if (line === '') continue;
    try {
      records.push(JSON.parse(line));
    } catch {
      torn += 1;
    }
  }
  return { records, torn };
}

/** Every process of a project: they have all inherited the mark that `makeProject` puts into the environment. */
export function processesOf(project) {
  const mark = `\0${MARK}=${project}\0`;
  const found = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (!`\0${readFileSync(`/proc/${name}/environ`, 'latin1')}`.includes(mark)) continue;
      const argv = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
      const state = readFileSync(`/proc/${name}/stat`, 'latin1').split(') ').at(-1)?.[0];
      if (state !== 'Z' && state !== 'X') found.push({ pid: Number(name), argv });
    } catch (error) {
      if (!['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(error.code)) throw error;
    }
  }
  return found;
}

/** The supervisors of a project, normally one. */
export const supervisorsOf = (project) =>
  processesOf(project)
    .filter(({ argv }) => argv.includes('supervise'))
    .map(({ pid }) => pid);

/** Names of temporary files of ours below a folder. */
export function tempsBelow(folder) {
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (/^\.(?:ae-(?:tmp|write)-|new-exp)|^auto-experiment-index-|\.lock$/.test(entry.name)) found.push(path);
    else if (entry.isDirectory() && entry.name !== '.git') found.push(...tempsBelow(path));
  }
  return found;
}
