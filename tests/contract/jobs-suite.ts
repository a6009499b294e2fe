import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Place } from '../../mcp-server/src/core/place.js';
import type { JobHandle, JobSpec, JobState, Jobs } from '../../mcp-server/src/core/ports.js';
import { jobName } from '../../mcp-server/src/core/slurm/job-script.js';
import type { SlurmRequest } from '../../mcp-server/src/core/slurm/settings.js';
import { isProcess } from '../../mcp-server/src/store/identity.js';
import { kill, until } from '../support/project.js';

export interface OpenedJobs {
  jobs: Jobs;
  /** The machine's folder of the project; null = a process of this computer, with its folder here. */
  place(workspace: string): Place | null;
  /** Jobs of Slurm, which ends what they leave behind; and how one is suspended there. */
  slurm?: SlurmRequest;
  suspend?(name: string, on: boolean): void;
  /** What every command is given beside. */
  env?: Record<string, string>;
  close(): Promise<void> | void;
}

/** What every kind of Jobs must do. The machines of the tests share this computer’s processes and disk. */
export function jobsContract(name: string, open: () => Promise<OpenedJobs>): void {
  describe(`Jobs: ${name}`, () => {
    let opened: OpenedJobs;
    let jobs: Jobs;
    let root: string;
    let count = 0;
    const handles: JobHandle[] = [];
    beforeAll(async () => {
      root = mkdtempSync(join(tmpdir(), 'ae-jobs-'));
      opened = await open();
      jobs = opened.jobs;
    });
    afterAll(async () => {
      for (const handle of handles) await jobs.signal(handle, 'SIGKILL');
      await opened.close();
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    });

    const specOf = (argv: readonly string[], env: Record<string, string> = {}): JobSpec => {
      count += 1;
      const dir = join(root, 'runs', `exp${count}`);
      mkdirSync(join(dir, 'record'), { recursive: true });
      writeFileSync(join(dir, 'log'), '');
      const place = opened.place(root);
      const spec: JobSpec = {
        recordDir: join(dir, 'record'),
        marker: `exp${count}@${randomUUID()}`,
        place,
        argv,
        cwd: root,
        env: { PATH: process.env.PATH ?? '', ...opened.env, ...env },
        slurm: opened.slurm ?? null,
        log: join(dir, 'log'),
      };
      handles.push(spec);
      return spec;
    };
    const sh = (script: string, ...args: string[]): string[] => ['sh', '-c', script, 'sh', ...args];
    const logOf = (spec: JobSpec): string => readFileSync(spec.log, 'latin1');
    const stateOf = async (spec: JobHandle): Promise<JobState> => {
      const [state] = await jobs.poll([spec]);
      if (state === undefined) throw new Error('no answer');
      return state;
    };
    const reached = async (spec: JobHandle, ...lives: JobState['life'][]): Promise<JobState> => {
      for (;;) {
        const state = await stateOf(spec);
        if (lives.includes(state.life)) return state;
        await new Promise((next) => setTimeout(next, 30));
      }
    };
    const said = async (spec: JobSpec, text: string): Promise<void> => {
      while (!logOf(spec).includes(text)) {
        await stateOf(spec);
        await new Promise((next) => setTimeout(next, 30));
      }
    };

    it('runs a command to its end: folder, environment, output and exit code', async () => {
      const script = 'pwd; echo "<$1> <$AE_SECRET> <$AUTO_EXPERIMENT_RUN_DIR>"; echo e >&2; exit 3';
      const spec = specOf(sh(script, "it's $1"), { AE_SECRET: "top 'secret' $HOME" });
      const before = Date.now();
      await jobs.start(spec);
      const state = await reached(spec, 'exited');
      expect(state).toMatchObject({ life: 'exited', exitCode: 3, oomKills: 0 });
      expect(Math.abs((state.startedAt ?? 0) - before)).toBeLessThan(60_000);
      expect(state.exitedAt).toBeGreaterThanOrEqual(state.startedAt ?? Number.NaN);
      expect(logOf(spec)).toMatch(new RegExp(`^${root}\n<it's \\$1> <top 'secret' \\$HOME> <.*>\ne\n$`));
      expect(readlinkSync(join(spec.recordDir, 'exited'))).toMatch(/^rc=3;/);
      expect(readlinkSync(join(spec.recordDir, 'started'))).toMatch(/^pid=\d+;/);
    });

    it('starts at most once, however often it is told to', async () => {
      const spec = specOf(sh('echo began; sleep 0.2'));
      await Promise.all([jobs.start(spec), jobs.start(spec), jobs.start(spec)]);
      await reached(spec, 'exited');
      await jobs.start(spec);
      expect(await reached(spec, 'exited')).toMatchObject({ exitCode: 0 });
      expect(logOf(spec).match(/began/g)).toHaveLength(1);
    });

    it('tells unstarted from running, and a missing program by its code', async () => {
      const spec = specOf(sh('echo up; sleep 600'));
      expect(await stateOf(spec)).toMatchObject({ life: 'unstarted', pid: null });
      await jobs.start(spec);
      await said(spec, 'up');
      expect(await reached(spec, 'running')).toMatchObject({ exitCode: null, rebooted: false });
      const missing = specOf(['no-such-program-here']);
      await jobs.start(missing);
      expect(await reached(missing, 'exited')).toMatchObject({ exitCode: 127 });
    });

    it('brings every byte of the log, whatever it holds, before it tells the end', async () => {
      const spec = specOf(
        sh('head -c 3000000 /dev/urandom | tee "$1"; printf "\\n@end bytes\\n\\000"', join(root, 'copy')),
      );
      await jobs.start(spec);
      await reached(spec, 'exited');
      const log = readFileSync(spec.log);
      const copy = readFileSync(join(root, 'copy'));
      expect(log.length).toBe(copy.length + 13);
      expect(Buffer.compare(log.subarray(0, copy.length), copy)).toBe(0);
    });

    it('asks the group to end, and ends what does not listen; the wrapper writes how', async () => {
      const polite = specOf(sh(`trap 'echo checkpoint; exit 7' TERM; echo up; while :; do sleep 0.05; done`));
      const rude = specOf(sh(`trap '' TERM; echo up; while :; do sleep 0.05; done`));
      for (const spec of [polite, rude]) await jobs.start(spec);
      for (const spec of [polite, rude]) await said(spec, 'up');
      for (const spec of [polite, rude]) await jobs.signal(spec, 'SIGTERM');
      expect(await reached(polite, 'exited')).toMatchObject({ exitCode: 7 });
      expect(logOf(polite)).toContain('checkpoint');
      expect((await stateOf(rude)).life).toBe('running');
      await jobs.signal(rude, 'SIGKILL', { spareWrapper: true });
      expect(await reached(rude, 'exited')).toMatchObject({ exitCode: 137 });
    });

    it('a job that was forbidden never starts; one that has started cannot be forbidden', async () => {
      const never = specOf(sh('echo began'));
      expect(await jobs.forbid(never)).toBe(true);
      expect(await jobs.forbid(never)).toBe(true);
      await jobs.start(never);
      const begun = specOf(sh('echo up; sleep 600'));
      await jobs.start(begun);
      await said(begun, 'up');
      expect(await jobs.forbid(begun)).toBe(false);
      expect((await stateOf(begun)).life).toBe('running');
      expect(logOf(never)).not.toContain('began');
    });

    it('answers for many in one question, in their order', async () => {
      const specs = Array.from({ length: 12 }, (_, index) => specOf(sh(`echo ${index}; exit ${index}`)));
      await Promise.all(specs.map((spec) => jobs.start(spec)));
      for (const spec of specs) await reached(spec, 'exited');
      const states = await jobs.poll(specs);
      expect(states.map(({ exitCode }) => exitCode)).toEqual(specs.map((_, index) => index));
      expect(specs.map(logOf)).toEqual(specs.map((_, index) => `${index}\n`));
    });

    it('finds what is left of a job whose wrapper is gone, and ends only that', async () => {
      const spec = specOf(sh('echo $$; while :; do sleep 0.05; done'));
      await jobs.start(spec);
      await said(spec, '\n');
      const training = Number(logOf(spec));
      const { pid } = await reached(spec, 'running');
      kill(pid ?? Number.NaN);
      await reached(spec, 'gone');
      if (opened.slurm !== undefined) {
        await until(() => !isProcess(training));
        expect(await stateOf(spec)).toMatchObject({ life: 'gone', exitCode: null });
        return;
      }
      expect((await jobs.survivors(spec)).map((one) => one.pid)).toContain(training);
      await jobs.signal(spec, 'SIGKILL');
      await until(() => !isProcess(training));
      while ((await jobs.survivors(spec)).length > 0) await new Promise((next) => setTimeout(next, 30));
      expect(existsSync(join(spec.recordDir, 'exited'))).toBe(false);
    });

    it('sees a job that was suspended', async () => {
      const spec = specOf(sh('echo $$; while :; do sleep 0.05; done'));
      await jobs.start(spec);
      await said(spec, '\n');
      const training = Number(logOf(spec));
      const suspend = opened.suspend ?? ((_, on) => kill(training, on ? 'SIGSTOP' : 'SIGCONT'));
      suspend(jobName(spec.marker), true);
      await reached(spec, 'suspended');
      suspend(jobName(spec.marker), false);
      await reached(spec, 'running');
    });
  });
}
