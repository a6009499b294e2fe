import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/project.js';
import { type Slurm, startSlurm } from '../support/slurm.js';
import { makeSlurmProject, type SlurmProject } from '../support/slurm-project.js';
import { makeSshProject } from '../support/ssh-project.js';

// A real cluster of two nodes with two pretended GPUs each; its shared file system is this computer's.

let slurm: Slurm;
let project: SlurmProject;
beforeAll(async () => {
  slurm = await startSlurm();
});
afterAll(() => slurm.end());
afterEach(() => project?.end());

const open = (options: Parameters<typeof makeSlurmProject>[1] = {}): void => {
  project = makeSlurmProject(slurm, options);
};
/** Prints, waits for the file `go`, and ends with a metric. Ends also when its folder is gone. */
const HOLD = 'echo up; while [ -d "$PWD" ] && [ ! -e go ]; do sleep 0.05; done; echo "val_acc: 0.75"';

describe('a run as a job of Slurm', () => {
  it('is submitted with what it asks for, and ends with its metrics', async () => {
    open({
      more: ', cpus: 2, setup: ["export READY=yes"], extra: [--comment=mine]',
      experiment: ', time_limit: 10m',
    });
    const id = await project.launch(
      'echo "$READY $CUDA_VISIBLE_DEVICES $SLURM_CPUS_PER_TASK $SLURM_JOB_ID"; echo "val_acc: 0.5"; : > "$AUTO_EXPERIMENT_RUN_DIR/own"',
      '--gpus',
      '2',
    );
    const run = await project.ended(id);
    expect(run).toMatchObject({ ending: 'succeeded', exit_code: 0, primary: { value: 0.5 } });
    expect(run.gpus).toHaveLength(2);
    const log = readFileSync(run.log, 'utf8');
    expect(log).toContain(`yes 0,1 2 ${await project.jobOf(id)}\n`);
    expect(project.mark(id, 'where', 'node')).toMatch(/^n[12]$/);
    expect(project.mark(id, 'where', 'gpus')).toBe('0,1');
    const job = slurm.ask('scontrol', 'show', 'job', await project.jobOf(id));
    expect(job).toContain(`JobName=${id}-`);
    expect(job).toContain('Comment=mine');
    // Its own limit, two seconds of grace, and five minutes, in whole minutes.
    expect(job).toContain('TimeLimit=00:16:00');
    expect(existsSync(join(project.root, 'workspace/runs', id, 'files/own'))).toBe(true);
  });

  it('waits in the queue with words, and leaves it when it is stopped', async () => {
    open();
    const ids = [await project.launch(HOLD, '--gpus', '2'), await project.launch(HOLD, '--gpus', '2')];
    for (const id of ids) await project.said(id, 'up');
    const third = await project.launch('echo began', '--gpus', '2');
    expect(await project.noteOf(third, /queue:/)).toMatch(
      /^Slurm job \d+ waits in the queue: (?:for free resources \(Resources\)|others come first \(Priority\))$/,
    );
    expect(await project.view(third)).toMatchObject({ state: 'queued', started_at: null, duration_s: null });
    await project.json('stop', third);
    const run = await project.ended(third);
    expect(run).toMatchObject({ ending: 'stopped', signal: null });
    expect(run.evidence.join('\n')).toMatch(
      /stopped on request .*\n.*was cancelled in Slurm.*before it started/s,
    );
    expect(slurm.state(await project.jobOf(third))).toBe('CANCELLED');
    writeFileSync(join(project.root, 'go'), '');
    for (const id of ids) expect(await project.ended(id)).toMatchObject({ ending: 'succeeded' });
  });

  it('is asked to end while it runs, writes its checkpoint, and is ended when it does not listen', async () => {
    open();
    const polite = await project.launch(
      `trap 'echo checkpoint; exit 0' TERM; echo up; while [ -d "$PWD" ]; do sleep 0.05; done`,
      '--gpus',
      '0',
    );
    const rude = await project.launch(
      `trap '' TERM; echo up; while [ -d "$PWD" ]; do sleep 0.05; done`,
      '--gpus',
      '0',
    );
    for (const id of [polite, rude])
      await until(() => readFileSync(join(project.root, 'workspace/runs', id, 'log'), 'utf8').includes('up'));
    for (const id of [polite, rude]) await project.json('stop', id);
    const run = await project.ended(polite);
    expect(run).toMatchObject({ ending: 'stopped', exit_code: 0 });
    expect(readFileSync(run.log, 'utf8')).toContain('checkpoint');
    expect(await project.ended(rude)).toMatchObject({ ending: 'stopped', signal: 'SIGKILL' });
  });

  it('refuses what Slurm refuses, in words, and starts nothing', async () => {
    open({ more: ', partition: nowhere' });
    const id = await project.launch('echo began');
    const run = await project.ended(id);
    expect(run.ending).toBe('failed');
    expect(run.evidence[0]).toMatch(
      /it could not be started: Slurm on .* refused it: .*[Ii]nvalid partition/,
    );
    const wide = makeSlurmProject(slurm);
    try {
      const run = await wide.ended(await wide.launch('echo began', '--gpus', '9'));
      expect(run.evidence[0]).toMatch(
        /could not be started: .*Requested node configuration is not available; no node has what is asked for/,
      );
    } finally {
      await wide.end();
    }
  });

  it('runs the dry run on a node too, and refuses to launch when it fails there', async () => {
    open({
      files: {
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell reads it
        'train.sh': 'echo "on ${SLURM_JOB_ID:-the login node} $1"; [ "$1" = good ] && echo "val_acc: 0.5"\n',
      },
      experiment: ', mandatory_dry_run: true, dry_run_args: [--short]',
    });
    const bad = await project.run('launch', '--', 'sh', 'train.sh', 'bad');
    expect(bad.code).not.toBe(0);
    expect(bad.stderr).toMatch(/the dry run failed with exit code 1; nothing was launched/);
    expect(bad.stderr).toMatch(/on \d+ bad/);
    const good = await project.json('launch', '--', 'sh', 'train.sh', 'good');
    expect(project.ledger().filter(({ kind, ok }) => kind === 'dry_run' && ok)).toHaveLength(1);
    expect(await project.ended(good.id)).toMatchObject({ ending: 'succeeded' });
  });

  it('says what a walltime kill is, and warns before it when asked', async () => {
    open({ more: ', time: 2m, signal: USR1@120' });
    const id = await project.launch(
      `trap 'echo checkpoint; exit 3' USR1; echo up; while [ -d "$PWD" ]; do sleep 0.05; done`,
      '--gpus',
      '0',
    );
    const run = await project.ended(id);
    expect(readFileSync(run.log, 'utf8')).toContain('checkpoint');
    expect(run).toMatchObject({ ending: 'timeout', exit_code: 3 });
    expect(run.evidence[0]).toContain('it was sent USR1 before Slurm’s time limit');
  }, 180_000);
});

describe('Slurm over SSH', () => {
  it('runs there: submitted on the login node, its log and end brought here', async () => {
    const there = mkdtempSync(join(tmpdir(), 'ae-there-'));
    const ssh = await makeSshProject(
      { 'config.yaml': 'experiment: {metric: val_acc, direction: maximize, stop_grace: 1}\n' },
      { there, env: slurm.env, execution: ', slurm: {poll_interval: 1, mem: 100M}', mode: 'slurm' },
    );
    try {
      writeFileSync(join(there, 'train.sh'), 'pwd; echo "job $SLURM_JOB_ID"; echo "val_acc: 0.625"\n');
      const run = await ssh.json('launch', '--gpus', '1', '--', 'sh', 'train.sh');
      const over = await ssh.json('wait', run.id);
      expect(over).toMatchObject({ ending: 'succeeded', primary: { value: 0.625 } });
      expect(readFileSync(over.log, 'utf8')).toMatch(new RegExp(`^${there}\njob \\d+\n`));
      const held = (await ssh.json('launch', '--gpus', '2', '--', 'sh', '-c', HOLD)).id;
      const log = join(ssh.root, 'workspace/runs', held, 'log');
      await until(() => readFileSync(log, 'utf8').includes('up'));
      await ssh.json('stop', held);
      expect(await ssh.json('wait', held)).toMatchObject({ ending: 'stopped' });
    } finally {
      rmSync(there, { recursive: true, force: true });
      await ssh.end();
    }
  });
});
