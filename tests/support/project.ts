import { spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The program as people start it: the bundle that `npm test` builds first. */
export const MAIN = resolve('mcp-server/dist/main.cjs');

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A project on a temporary folder, and the CLI on it. `end` ends what is left of its runs and removes it. */
export interface TestProject {
  root: string;
  /** Folder of what the user decides for all projects; not there yet. */
  userConfig: string;
  run(...args: string[]): Promise<Ran>;
  /** Runs a command with `--json` and parses its answer. Throws with its standard error when it fails. */
  json(...args: string[]): Promise<Json>;
  /** A number in a record link, for instance the pid in `started`. */
  mark(run: string, name: string, field: string): string | undefined;
  ledger(): Json[];
  end(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every form
export type Json = any;

export function makeProject(
  files: Record<string, string> = {},
  env: Record<string, string> = {},
): TestProject {
  const root = mkdtempSync(join(tmpdir(), 'auto-experiment-test-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  const state = mkdtempSync(join(tmpdir(), 'auto-experiment-state-'));
  // Whoever runs the tests may have channels of their own.
  const userConfig = join(state, 'config');
  const own = { AUTO_EXPERIMENT_STATE_DIR: state, AUTO_EXPERIMENT_CONFIG_DIR: userConfig };
  const all = { ...process.env, ...own, NO_COLOR: '1', ...env };
  const run = (...args: string[]) => runProcess([process.execPath, MAIN, ...args], { cwd: root, env: all });
  const mark = (id: string, name: string, field: string): string | undefined => {
    const text = readlinkSync(join(root, 'workspace/runs', id, 'record', name));
    return new RegExp(`(?:^|;)${field}=([^;]*)`).exec(text)?.[1];
  };
  const ledger = (): Json[] =>
    readFileSync(join(root, 'workspace/ledger.jsonl'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return {
    root,
    userConfig,
    run,
    mark,
    ledger,
    async json(...args) {
      const { code, stdout, stderr } = await run(...insertJson(args));
      if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
      return JSON.parse(stdout);
    },
    async end() {
      // Again and again: one that is killed may just have started another.
      await until(() => {
        const left = processesBelow(root);
        for (const pid of left) kill(pid);
        return left.length === 0;
      });
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
      rmSync(state, { recursive: true, force: true });
    },
  };
}

export function insertJson(args: readonly string[]): string[] {
  const cut = args.indexOf('--');
  return cut < 0 ? [...args, '--json'] : [...args.slice(0, cut), '--json', ...args.slice(cut)];
}

export function runProcess(
  argv: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<Ran> {
  return new Promise((done, fail) => {
    const child = spawn(argv[0] ?? '', argv.slice(1), { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (part) => {
      stdout += part;
    });
    child.stderr.on('data', (part) => {
      stderr += part;
    });
    child.on('error', fail);
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
}

/** Processes that work in this folder or name it in their arguments: ours, because the folder is. */
function processesBelow(root: string): number[] {
  return commandLines()
    .filter(({ pid, words, folder }) => pid !== process.pid && `${folder} ${words}`.includes(root))
    .map(({ pid }) => pid);
}

/** Every process that can be looked at: the folder it works in, and its arguments with a space after each. */
export function commandLines(): { pid: number; folder: string; words: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== '1')
    .flatMap((name) => {
      try {
        const words = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ');
        return [{ pid: Number(name), words, folder: readlinkSync(`/proc/${name}/cwd`) }];
      } catch {
        // It has ended meanwhile, or is another user's.
        return [];
      }
    });
}

export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (!Number.isInteger(pid) || Math.abs(pid) < 2) throw new Error(`no pid: ${pid}`);
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** The same for what the program has to be asked: each answer costs its start, which what is waited for needs itself. */
export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((next) => setTimeout(next, 300));
}

/** Waits until a condition holds; the test’s own time limit is the only one. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((next) => setTimeout(next, 20));
}
