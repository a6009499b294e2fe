import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually, kill } from '../support/project.js';
import { type Slurm, startSlurm } from '../support/slurm.js';
import { makeSlurmProject, type SlurmProject } from '../support/slurm-project.js';

// What goes wrong with a cluster, each with its real cause: nothing is lost, nothing trains twice, and a person is told in words.

let slurm: Slurm;
let project: SlurmProject;
beforeAll(async () => {
  slurm = await startSlurm();
});
afterAll(() => slurm.end());
afterEach(() => project?.end());

/** Says that it lives, waits for the file `go`, and ends with a metric. Ends also when its folder is gone. */
const HOLD = 'echo life; while [ -d "$PWD" ] && [ ! -e go ]; do sleep 0.05; done; echo "val_acc: 0.75"';
const go = (name = 'go'): void => writeFileSync(join(project.root, name), '');
const lives = (id: string): number => project.log(id).match(/^life$/gm)?.length ?? 0;
/**
 * Slurm makes a requeued job wait for two minutes from when the last of its old life is gone, and forgets what it was told before
 * that. Told once and again only where that happened: each word keeps it from looking for what can start.
 */
const startAnew = async (id: string): Promise<void> => {
  const job = await project.jobOf(id);
  await eventually(async () => {
    const [, from = ''] = /EligibleTime=(\S+)/.exec(slurm.ask('scontrol', 'show', 'job', job)) ?? [];
    if (Date.parse(from) > Date.now() + 3000)
      slurm.ask('scontrol', 'update', `jobid=${job}`, 'StartTime=now');
    return lives(id) === 2;
  });
};

describe('a run of Slurm', () => {
  it('outlives the controller: a good end is told without it, any other with it, a launch waits', async () => {
    project = makeSlurmProject(slurm);
    const good = await project.launch(HOLD, '--gpus', '0');
    const bad = await project.launch(`${HOLD}; exit 3`, '--gpus', '0');
    for (const id of [good, bad]) await project.said(id, 'life');
    await slurm.stopController();
    await project.noteOf(good, /^Slurm does not answer since \d{4}-.*: /);
    const later = await project.launch('echo life; echo "val_acc: 0.5"', '--gpus', '0');
    await project.noteOf(
      later,
      /^waiting for .*: Slurm on .* does not take jobs now: .*; it is tried again$/,
    );
    go();
    expect(await project.ended(good)).toMatchObject({ ending: 'succeeded', primary: { value: 0.75 } });
    expect(await project.view(bad)).toMatchObject({ state: 'running' });
    await slurm.startController();
    expect(await project.ended(bad)).toMatchObject({ ending: 'failed', exit_code: 3 });
    expect(await project.ended(later)).toMatchObject({ ending: 'succeeded' });
    expect([good, bad, later].map(lives)).toEqual([1, 1, 1]);
  }, 120_000);

  it('is preempted and starts anew: the same run, the same log', async () => {
    project = makeSlurmProject(slurm);
    const id = await project.launch(HOLD, '--gpus', '2');
    const other = await project.launch(HOLD, '--gpus', '2');
    for (const run of [id, other]) await project.said(run, 'life');
    const job = slurm.ask(
      ...[
        'sbatch',
        '--parsable',
        '-p',
        'hi',
        '--gres=gpu:2',
        '--mem=100M',
        '-o',
        '/dev/null',
        '--wrap',
        'sleep 600',
      ],
    );
    const victim = await project.noted([id, other], /waits in the queue/);
    expect(await project.view(victim)).toMatchObject({ state: 'running', ending: null });
    slurm.ask('scancel', job);
    await startAnew(victim);
    go();
    const run = await project.ended(victim);
    expect(run).toMatchObject({ ending: 'succeeded', exit_code: 0, primary: { value: 0.75 } });
    expect(project.log(victim)).toMatch(/DUE TO PREEMPTION[\s\S]*started again by Slurm \(restart 1\)/);
    expect(await project.ended(victim === id ? other : id)).toMatchObject({ ending: 'succeeded' });
    expect(project.ledger().filter((line) => line.kind === 'start')).toHaveLength(2);
  }, 120_000);

  it('is lost with its node when it may not start anew, and starts anew when it may', async () => {
    project = makeSlurmProject(slurm, { more: ', requeue: false, extra: [--nodelist=n1]' });
    const lost = await project.launch(HOLD, '--gpus', '1');
    await project.said(lost, 'life');
    // The other one is kept free until then, so that both are on the node that is cut.
    slurm.ask('scontrol', 'update', 'nodename=n2', 'state=drain', 'reason=test');
    writeFileSync(
      join(project.root, 'config.yaml'),
      'execution: {mode: slurm, slurm: {poll_interval: 1, mem: 100M}}\nexperiment: {metric: val_acc, direction: maximize, max_parallel: 4}\n',
    );
    const again = await project.launch(HOLD, '--gpus', '1');
    await project.said(again, 'life');
    slurm.ask('scontrol', 'update', 'nodename=n2', 'state=resume');
    await slurm.cutNode('n1');
    const run = await project.ended(lost);
    expect(run).toMatchObject({ ending: 'lost', exit_code: null });
    expect(run.evidence[0]).toMatch(/^Slurm job \d+ on n1 was lost: its node failed \(NODE_FAIL\)$/);
    await project.noteOf(again, /waits in the queue/);
    await startAnew(again);
    go();
    expect(await project.ended(again)).toMatchObject({ ending: 'succeeded' });
    slurm.startNode('n1');
  }, 240_000);

  it('is held or cancelled by others: the words say so', async () => {
    project = makeSlurmProject(slurm, { more: ', extra: [--hold]' });
    const held = await project.launch('echo life; echo "val_acc: 0.5"', '--gpus', '0');
    expect(await project.noteOf(held, /held/)).toMatch(
      /^Slurm job \d+ waits in the queue: it is held by its user: scontrol release starts it \(JobHeldUser\)$/,
    );
    slurm.ask('scontrol', 'release', await project.jobOf(held));
    expect(await project.ended(held)).toMatchObject({ ending: 'succeeded' });
    const pending = await project.launch('echo life');
    slurm.ask('scancel', await project.jobOf(pending));
    const run = await project.ended(pending);
    expect(run).toMatchObject({ ending: 'stopped', started_at: null });
    expect(run.evidence[0]).toMatch(/^Slurm job \d+ was cancelled in Slurm, before it started$/);
    expect(project.log(pending)).toBe('');
  });

  it('is submitted once, although whoever submitted it was killed before writing down its number', async () => {
    project = makeSlurmProject(slurm, { more: ', extra: [--hold]' });
    const id = await project.launch('echo life; echo "val_acc: 0.5"', '--gpus', '0');
    const job = await project.jobOf(id);
    await project.noteOf(id, /held/);
    kill(JSON.parse(readFileSync(join(project.root, 'workspace/supervisor.json'), 'utf8')).pid);
    rmSync(join(project.root, 'workspace/runs', id, 'record/job'));
    await project.json('status');
    expect(await project.jobOf(id)).toBe(job);
    slurm.ask('scontrol', 'release', job);
    expect(await project.ended(id)).toMatchObject({ ending: 'succeeded' });
    const name = slurm.ask('squeue', '-h', '-t', 'all', '-j', job, '-o', '%j');
    expect(slurm.ask('squeue', '-h', '-t', 'all', '-n', name, '-o', '%i')).toBe(job);
    expect(lives(id)).toBe(1);
  });

  it('that is killed at Slurm’s time limit has run out of time, whatever its exit code', async () => {
    project = makeSlurmProject(slurm, { more: ', time: 1m' });
    const id = await project.launch(`trap 'echo ended; exit 5' TERM; ${HOLD}`, '--gpus', '0');
    const run = await project.ended(id);
    expect(run.ending).toBe('timeout');
    expect(run.evidence[0]).toMatch(
      /^Slurm job \d+ on n\d was ended at Slurm’s time limit \(1:00\): TIMEOUT$/,
    );
    expect(lives(id)).toBe(1);
  }, 200_000);
});
