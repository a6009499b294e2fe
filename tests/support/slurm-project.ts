import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, type Json, makeProject, type TestProject, until } from './project.js';
import type { Slurm } from './slurm.js';

/** A project whose runs are jobs of a cluster that sees its folder. */
export interface SlurmProject extends TestProject {
  launch(command: string, ...args: string[]): Promise<string>;
  ended(run: string): Promise<Json>;
  view(run: string): Promise<Json>;
  /** Waits until the note of a run says so. */
  noteOf(run: string, pattern: RegExp): Promise<string>;
  /** Waits until the note of one of these runs says so, and gives that run. */
  noted(runs: readonly string[], pattern: RegExp): Promise<string>;
  /** The number of its job, once it was submitted. */
  jobOf(run: string): Promise<string>;
  log(run: string): string;
  /** Waits until its log says so. */
  said(run: string, text: string): Promise<void>;
}

/** `more` and `experiment`: further keys of `execution.slurm` and `experiment`, as `, key: value`. */
export function makeSlurmProject(
  slurm: Slurm,
  {
    more = '',
    experiment = '',
    files = {},
  }: { more?: string; experiment?: string; files?: Record<string, string> } = {},
): SlurmProject {
  const project = makeProject(
    {
      'config.yaml': `execution: {mode: slurm, slurm: {poll_interval: 1, mem: 100M${more}}}\nexperiment: {metric: val_acc, direction: maximize, stop_grace: 2, max_parallel: 4${experiment}}\n`,
      ...files,
    },
    slurm.env,
  );
  const below = (run: string, name: string): string => join(project.root, 'workspace/runs', run, name);
  const log = (run: string): string => readFileSync(below(run, 'log'), 'utf8');
  const view = async (run: string): Promise<Json> =>
    (await project.json('status')).runs.find(({ id }: Json) => id === run);
  const noted = async (runs: readonly string[], pattern: RegExp): Promise<Json> => {
    let found: Json;
    await eventually(async () => {
      const all: Json[] = (await project.json('status')).runs;
      found = all.find(({ id, note }) => runs.includes(id) && pattern.test(note ?? ''));
      return found !== undefined;
    });
    return found;
  };
  return {
    ...project,
    view,
    launch: async (command, ...args) => (await project.json('launch', ...args, '--', 'sh', '-c', command)).id,
    ended: (run) => project.json('wait', run),
    noteOf: async (run, pattern) => (await noted([run], pattern)).note,
    noted: async (runs, pattern) => (await noted(runs, pattern)).id,
    async jobOf(run) {
      await until(() => isLink(project, run));
      return project.mark(run, 'job', 'job') ?? '';
    },
    log,
    said: (run, text) => until(() => log(run).includes(text)),
  };
}

function isLink(project: TestProject, run: string): boolean {
  try {
    return project.mark(run, 'job', 'job') !== undefined;
  } catch {
    return false;
  }
}
