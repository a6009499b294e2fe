import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Json, kill, makeProject, runProcess, type TestProject, until } from '../support/project.js';

// Real processes, real signals: what they do → the ending that is told, and its evidence.

let project: TestProject;
const table: string[] = [];

const CONFIG = `
experiment: {metric: val_acc, direction: maximize, stop_grace: 1, survivor_grace: 1, max_parallel: 4}
`;

beforeEach(() => {
  project = makeProject({ 'config.yaml': CONFIG });
});
afterEach(() => project.end());

const note = (what: string, run: Json): Json => {
  table.push(
    `${what.padEnd(34)} ${run.ending.padEnd(10)} ${run.exit_code ?? '–'} ${run.signal ?? '–'}  ${run.evidence.join(' | ')}`,
  );
  if (process.env.SHOW_ENDINGS) writeFileSync(process.env.SHOW_ENDINGS, `${table.join('\n')}\n`);
  return run;
};
const launched = (...argv: string[]): Promise<Json> => project.json('launch', '--', ...argv);
const ended = async (what: string, run: Json): Promise<Json> =>
  note(what, await project.json('wait', run.id));
const ends = async (what: string, ...argv: string[]): Promise<Json> => ended(what, await launched(...argv));
const started = async (run: Json): Promise<number> => {
  const link = join(project.root, 'workspace/runs', run.id, 'record/started');
  await until(() => existsSync(join(link, '..')) && readlink(link) !== null);
  return Number(project.mark(run.id, 'started', 'pid'));
};
const readlink = (path: string): string | null => {
  try {
    return project.mark(path.split('/').at(-3) ?? '', 'started', 'pid') ?? null;
  } catch {
    return null;
  }
};
const logOf = (run: Json): string => readFileSync(run.log, 'utf8');

describe('a run that ends by itself', () => {
  it('exit code 0 is success, with its metrics', async () => {
    const run = await ends('exit 0', 'sh', '-c', 'echo epoch 1/1 val_acc=0.75');
    expect(run).toMatchObject({ state: 'ended', ending: 'succeeded', exit_code: 0, signal: null });
    expect(run.primary).toEqual({ name: 'val_acc', direction: 'maximize', value: 0.75 });
    expect(run.metrics.val_acc).toMatchObject({ last: 0.75, best: 0.75 });
  });

  it.each([
    ['exit 3', ['sh', '-c', 'exit 3'], 'failed', 3, null],
    ['exit 127', ['sh', '-c', 'no-such-program-here'], 'failed', 127, null],
    ['exit 126', ['sh', '-c', './data.txt'], 'failed', 126, null],
    ['SIGSEGV', ['sh', '-c', 'kill -SEGV $$'], 'failed', 139, 'SIGSEGV'],
    ['SIGKILL of the child', ['sh', '-c', 'kill -KILL $$'], 'failed', 137, 'SIGKILL'],
    ['SIGTERM by somebody else', ['sh', '-c', 'kill -TERM $$'], 'failed', 143, 'SIGTERM'],
  ])('%s', async (what, argv, ending, code, signal) => {
    writeFileSync(join(project.root, 'data.txt'), 'not a program', { mode: 0o644 });
    const run = await ends(what, ...argv);
    expect(run).toMatchObject({ ending, exit_code: code, signal });
    expect(run.evidence.length).toBeGreaterThan(0);
  });

  it('a word of the shell is a program’s name, not the wrapper’s own end', async () => {
    const refused = await project.run('launch', '--', 'exit', '3');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('there is no program "exit"');
  });

  it('a CUDA out-of-memory text with a failing exit is oom', async () => {
    const text =
      'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.10 GiB';
    const run = await ends(
      'CUDA out of memory',
      'python3',
      '-c',
      `import sys; print("step 1 loss 0.5"); sys.exit("${text}")`,
    );
    expect(run).toMatchObject({ ending: 'oom', exit_code: 1 });
    expect(run.evidence[0]).toContain('CUDA out of memory');
  });

  it('NaN twice in a tracked metric ends the run as diverged', async () => {
    const run = await ends(
      'NaN loss',
      'sh',
      '-c',
      'for i in 1 2 3 4; do echo step $i loss nan; done; sleep 600',
    );
    expect(run).toMatchObject({ ending: 'diverged' });
    expect(run.evidence[0]).toContain('loss is NaN twice in a row');
  });

  it('a last value of NaN is diverged even with exit code 0', async () => {
    expect(
      await ends('NaN at the end, exit 0', 'sh', '-c', 'echo step 1 loss 0.5; echo step 2 loss nan'),
    ).toMatchObject({ ending: 'diverged', exit_code: 0 });
  });
});

describe('a run that the supervisor ends', () => {
  it('at its time limit', async () => {
    const run = await ended(
      'time limit',
      await project.json('launch', '--time-limit', '1s', '--', 'sleep', '600'),
    );
    expect(run).toMatchObject({ ending: 'timeout', signal: 'SIGTERM' });
    expect(run.evidence[0]).toContain('time limit');
  });

  it('when it is silent for too long', async () => {
    writeFileSync(join(project.root, 'config.yaml'), 'experiment: {stall_timeout: 1, stop_grace: 1}\n');
    const run = await ends('stall', 'sh', '-c', 'echo step 1 loss 0.5; sleep 600');
    expect(run).toMatchObject({ ending: 'stalled' });
    expect(run.evidence[0]).toContain('no new output');
  });

  it('when it was suspended, as stalled, and says so', async () => {
    writeFileSync(join(project.root, 'config.yaml'), 'experiment: {stall_timeout: 1, stop_grace: 1}\n');
    const run = await ends('SIGSTOP', 'sh', '-c', 'kill -STOP $$; echo never');
    expect(run).toMatchObject({ ending: 'stalled' });
    expect(run.evidence[0]).toContain('suspended');
  });

  it('by a rule of the config', async () => {
    writeFileSync(
      join(project.root, 'config.yaml'),
      'experiment: {stop_grace: 1, stop_rules: ["val_loss above 10 at step 2"]}\n',
    );
    const run = await ends('rule', 'sh', '-c', 'echo step 1 val_loss=99; echo step 2 val_loss=50; sleep 600');
    expect(run).toMatchObject({ ending: 'diverged' });
    expect(run.evidence[0]).toContain('val_loss is 50 at step 2');
  });

  it('on request, with time to write a checkpoint', async () => {
    writeFileSync(join(project.root, 'config.yaml'), 'experiment: {stop_grace: 30}\n');
    const script = 'trap "echo checkpoint written; exit 0" TERM; echo ready; while :; do sleep 0.05; done';
    const run = await launched('sh', '-c', script);
    await until(() => logOf(run).includes('ready'));
    note('stop, handles SIGTERM', await project.json('stop', run.id));
    expect(await project.json('wait', run.id)).toMatchObject({ ending: 'stopped', exit_code: 0 });
    expect(logOf(run)).toContain('checkpoint written');
  });

  it('on request, although it ignores SIGTERM', async () => {
    const run = await launched('sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done');
    await until(() => logOf(run).includes('ready'));
    const stopped = note('stop, ignores SIGTERM', await project.json('stop', run.id));
    expect(stopped).toMatchObject({ ending: 'stopped', exit_code: 137, signal: 'SIGKILL' });
    expect(stopped.evidence.join()).toContain('SIGKILL');
    expect(existsSync(`/proc/${project.mark(run.id, 'started', 'pid')}`)).toBe(false);
  });

  it('on request, with everything that fled from its group', async () => {
    const run = await launched(
      'sh',
      '-c',
      'setsid sh -c "echo fled $$; while :; do sleep 0.05; done" & echo ready; wait',
    );
    await until(() => logOf(run).includes('fled'));
    expect(note('stop, child fled by setsid', await project.json('stop', run.id))).toMatchObject({
      ending: 'stopped',
    });
    const left = await runProcess(
      ['sh', '-c', `grep -al "AUTO_EXPERIMENT_RUN=${run.id}@" /proc/[0-9]*/environ 2>/dev/null || true`],
      { cwd: '/', env: {} },
    );
    const marker = JSON.parse(
      readFileSync(join(project.root, 'workspace/runs', run.id, 'run.json'), 'utf8'),
    ).marker;
    const ours = left.stdout.split('\n').filter((path) => path !== '' && readIf(path).includes(marker));
    expect(ours).toEqual([]);
  });

  it('before it has started', async () => {
    writeFileSync(join(project.root, 'config.yaml'), 'experiment: {max_parallel: 1, stop_grace: 1}\n');
    const first = await launched('sleep', '600');
    const second = await launched('sh', '-c', 'echo must not run');
    expect(note('stop while queued', await project.json('stop', second.id))).toMatchObject({
      ending: 'stopped',
      exit_code: null,
    });
    await project.json('stop', first.id);
    expect(logOf(second)).toBe('');
  });
});

describe('a run that is killed from outside', () => {
  it('its whole group by SIGKILL: lost, and nothing is left', async () => {
    const run = await launched('sleep', '600');
    kill(-(await started(run)), 'SIGKILL');
    expect(await ended('SIGKILL of the group', run)).toMatchObject({ ending: 'lost', exit_code: null });
  });

  it('its wrapper alone: the training is watched on to its end', async () => {
    const run = await launched(
      'sh',
      '-c',
      'echo ready; while [ ! -e go ]; do sleep 0.05; done; echo epoch 1/1 val_acc=0.5',
    );
    const wrapper = await started(run);
    await until(() => logOf(run).includes('ready'));
    kill(wrapper, 'SIGKILL');
    await until(
      () =>
        JSON.parse(readFileSync(join(project.root, 'workspace/runs', run.id, 'run.json'), 'utf8')).note !==
        null,
    );
    expect((await project.json('status')).runs[0]).toMatchObject({ state: 'running' });
    writeFileSync(join(project.root, 'go'), '');
    const over = await ended('SIGKILL of the wrapper alone', run);
    expect(over).toMatchObject({ ending: 'lost', exit_code: null });
    expect(over.metrics.val_acc.last).toBe(0.5);
  });

  it('its supervisor: the next command takes it up again, and it was started once', async () => {
    const run = await launched('sh', '-c', 'echo started; while [ ! -e go ]; do sleep 0.05; done; exit 4');
    await started(run);
    await until(() => logOf(run).includes('started'));
    kill(JSON.parse(readFileSync(join(project.root, 'workspace/supervisor.json'), 'utf8')).pid, 'SIGKILL');
    writeFileSync(join(project.root, 'go'), '');
    expect(await ended('SIGKILL of the supervisor', run)).toMatchObject({ ending: 'failed', exit_code: 4 });
    expect(logOf(run).match(/started/g)).toHaveLength(1);
  });
});

describe('a run that leaves something behind', () => {
  it('a daemon that goes on training is watched until it is done', async () => {
    const child = 'i=0; while [ $i -lt 8 ]; do i=$((i+1)); echo epoch $i/8 val_acc=0.$i; sleep 0.2; done';
    const run = await ends('forks a training daemon', 'sh', '-c', `setsid sh -c '${child}' & exit 0`);
    expect(run).toMatchObject({ ending: 'succeeded', exit_code: 0 });
    expect(run.metrics.val_acc.last).toBe(0.8);
  });

  it('a silent daemon is left alone, and told', async () => {
    const run = await ends('forks a silent daemon', 'sh', '-c', 'setsid sleep 300 & exit 0');
    expect(run).toMatchObject({ ending: 'succeeded' });
    expect(run.evidence.join()).toMatch(/left processes behind, untouched: \d+ \(sleep\)/);
  });
});

const cgroup = '/sys/fs/cgroup/memory';
const canLimit = existsSync(join(cgroup, 'memory.limit_in_bytes')) && process.getuid?.() === 0;

describe.runIf(canLimit)('a control group with a memory limit', () => {
  it('ended by the kernel is oom', async () => {
    const group = join(cgroup, `auto-experiment-test-${process.pid}`);
    mkdirSync(group);
    try {
      writeFileSync(join(group, 'memory.limit_in_bytes'), String(160 << 20));
      const greedy = 'b = []\nwhile True: b.append(bytearray(8 << 20))';
      // The whole command runs in the group, as it does for somebody whose container has a limit.
      const { stdout, code, stderr } = await runProcess(
        [
          'sh',
          '-c',
          `echo $$ > ${group}/cgroup.procs; exec "$@"`,
          'sh',
          process.execPath,
          join(process.cwd(), 'mcp-server/dist/main.cjs'),
          'launch',
          '--json',
          '--',
          'python3',
          '-c',
          greedy,
        ],
        { cwd: project.root, env: process.env },
      );
      expect(code, stderr).toBe(0);
      const run = await ended('cgroup out of memory', JSON.parse(stdout));
      expect(run).toMatchObject({ ending: 'oom', signal: 'SIGKILL' });
      expect(run.evidence[0]).toContain('oom_kill');
    } finally {
      const members = () => readFileSync(join(group, 'cgroup.procs'), 'utf8').trim();
      for (const pid of members().split('\n').filter(Boolean)) kill(Number(pid));
      await until(() => members() === '');
      rmdirSync(group);
    }
  });
});

function readIf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
