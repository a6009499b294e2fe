import { describe, expect, it } from 'vitest';
import { SlurmConfig, slurmRequest } from '../../mcp-server/src/core/slurm/settings.js';
import { endOf, parseJob, standingOf, waitingWords } from '../../mcp-server/src/core/slurm/states.js';
import { isUsualWait } from '../../mcp-server/src/engine/views/receipt.js';

describe('what Slurm prints of a job', () => {
  it('is read by its fields; what is no job is none', () => {
    expect(parseJob('12|RUNNING|None|1-00:00:00|n[1-2]')).toEqual({
      id: '12',
      state: 'RUNNING',
      reason: null,
      limit: '1-00:00:00',
      node: 'n[1-2]',
    });
    expect(parseJob('9|CANCELLED by 1000||00:10:00|None assigned')).toMatchObject({
      state: 'CANCELLED',
      node: null,
    });
    for (const line of [
      '',
      'slurm_load_jobs error: Invalid job id specified',
      '12',
      'a|RUNNING|||',
      '3_1|PENDING|||',
    ])
      expect(parseJob(line)).toBeNull();
  });

  it('an end only where it is one; a word of a later Slurm is waited for', () => {
    const over = ['COMPLETED', 'FAILED', 'TIMEOUT', 'NODE_FAIL', 'CANCELLED', 'PREEMPTED', 'OUT_OF_MEMORY'];
    expect(over.map(standingOf)).toEqual(over.map(() => 'over'));
    const waits = ['PENDING', 'REQUEUED', 'REQUEUE_HOLD', 'CONFIGURING', 'EXPEDITING'];
    expect(waits.map(standingOf)).toEqual(waits.map(() => 'waits'));
    expect(['COMPLETING', 'SUSPENDED'].map(standingOf)).toEqual(['runs', 'suspended']);
  });

  it('in words, with its own beside', () => {
    const job = { id: '5', state: 'PENDING', limit: null, node: null };
    const said = (reason: string | null) => waitingWords({ ...job, reason });
    expect(said(null)).toBe('Slurm job 5 waits in the queue');
    expect(said('Resources')).toContain('for free resources (Resources)');
    expect(said('DependencyNeverSatisfied')).toContain('it will never start; stop it');
    expect(said('QOSMaxJobsPerUserLimit')).toContain('a limit of your account or QOS is reached');
    expect(said('AssocGrpGRES')).toContain('a limit of your account or QOS is reached');
    expect(said('SomethingNew')).toContain('queue: SomethingNew');
    expect(waitingWords({ ...job, state: 'REQUEUE_HOLD', reason: 'JobHeldAdmin' })).toBe(
      'Slurm job 5 waits in the queue, put back into the queue: it is held by an administrator (JobHeldAdmin)',
    );
  });

  it('needs nobody while it only waits for its turn', () => {
    const job = { id: '5', state: 'PENDING', limit: null, node: null };
    const usual = (reason: string | null) => isUsualWait(waitingWords({ ...job, reason }));
    for (const reason of [null, 'Resources', 'Priority', 'QOSMaxJobsPerUserLimit', 'BeginTime'])
      expect(usual(reason), String(reason)).toBe(true);
    for (const reason of ['JobHeldUser', 'JobHeldAdmin', 'PartitionTimeLimit', 'DependencyNeverSatisfied'])
      expect(usual(reason), reason).toBe(false);
  });

  it('the state, not the exit code, says how it ended', () => {
    const job = { id: '5', reason: null, limit: '1:00', node: 'n1' };
    const endings = [
      'TIMEOUT',
      'DEADLINE',
      'OUT_OF_MEMORY',
      'PREEMPTED',
      'NODE_FAIL',
      'CANCELLED',
      'FAILED',
    ].map((state) => endOf({ ...job, state }).ending);
    expect(endings).toEqual(['timeout', 'timeout', 'oom', 'preempted', 'lost', 'stopped', null]);
  });
});

describe('what is asked of Slurm', () => {
  it('is more time than our own limit, so that ours ends a run first', () => {
    const config = SlurmConfig.parse({});
    expect(slurmRequest(config, 'auto', 600, 30)).toMatchObject({ gpus: 1, minutes: 16, signal: null });
    expect(slurmRequest(config, 0, null, 30)).toMatchObject({ gpus: 0, minutes: null });
    expect(slurmRequest(SlurmConfig.parse({ time: '90s' }), 2, 600, 30).minutes).toBe(2);
  });

  it('is refused where it would be an option, two lines, or a warning too late', () => {
    for (const bad of [
      { partition: '--uid=0' },
      { account: 'a\nb' },
      { signal: 'USR1@60' },
      { signal: 'KILL@300' },
      { extra: ['-p hi'] },
      { extra: ['--wrap=x\ny'] },
      { gres: '' },
    ])
      expect(SlurmConfig.safeParse(bad).success, JSON.stringify(bad)).toBe(false);
  });
});
