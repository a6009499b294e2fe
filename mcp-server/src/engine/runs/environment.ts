import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { z } from 'zod';
import { type DataPrint, Environment, KEY_PACKAGES, KEY_VARIABLES } from '../../core/environment.js';
import { errorCode, errorText, LabError } from '../../core/errors.js';
import { gpuKey } from '../../core/gpus/choose.js';
import { interpreterOf, shebangOf } from '../../core/interpreter.js';
import { parseJson } from '../../core/parse-json.js';
import { createRedactor } from '../../core/redact.js';
import type { RunRecord } from '../../core/run-record.js';
import { secretValues } from '../../core/secrets.js';
import { printData } from '../../store/data-print.js';
import { readTextIfThere, writeAtomic } from '../../store/files.js';
import { gitState } from '../../store/git-state.js';
import { gently } from '../../store/locked-hashes.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import { readRunEnv } from '../../store/runs.js';
import type { Lab } from '../lab.js';
import { findProgram } from './program.js';

type EnvironmentLab = Pick<Lab, 'machine' | 'surveyGpus' | 'clock' | 'env'>;

const LIMIT_MS = 10_000;

/** Asked of the interpreter itself; versions come from metadata, so that nothing of the packages is loaded. */
const QUESTION = `
import sys
sys.path = [p for p in sys.path if p]
import json, os, platform
answer = {"version": platform.python_version(), "executable": sys.executable, "environment": None, "packages": {}}
if sys.prefix != getattr(sys, "base_prefix", sys.prefix) or os.path.isdir(os.path.join(sys.prefix, "conda-meta")):
    answer["environment"] = sys.prefix
try:
    from importlib import metadata
    for name in sys.argv[1:]:
        try:
            answer["packages"][name] = str(metadata.version(name))
        except Exception:
            pass
except ImportError:
    pass
print("\\n" + json.dumps(answer))
`;

const Answer = z.strictObject({
  version: z.string(),
  executable: z.string(),
  environment: z.string().nullable(),
  packages: z.record(z.string(), z.string()),
});

/**
 * Writes down what a run runs in, unless it is there. Takes at most about 10 seconds and never fails: what could not be
 * found out is null, and a note says why. Of variables only a short list is kept.
 */
export async function recordEnvironment(
  lab: EnvironmentLab,
  project: Project,
  record: RunRecord,
): Promise<void> {
  const { paths } = project;
  const files = runPaths(paths.runs, record.id);
  if (readTextIfThere(files.environment) !== null) return;
  const notes: string[] = [];
  const begun = lab.clock();
  const attempt = async <T>(what: string, ask: () => T | Promise<T>): Promise<T | null> => {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof LabError) && errorCode(error) === undefined) throw error;
      notes.push(`${what}: ${errorText(error)}`);
      return null;
    }
  };
  const env = readRunEnv(paths.runs, record.id);
  const asked = await attempt('python', () => askPython(lab, record, env));
  const uname = await lab.machine.exec(['uname', '-srm'], { timeoutMs: LIMIT_MS });
  const names = await attempt('gpus', () => gpuNames(lab, record.gpus));
  const git = await attempt('git', () => gitState(paths.root, LIMIT_MS));
  const data: DataPrint[] = [];
  for (const glob of project.config.experiment.data) {
    data.push(
      (await gently(printData(paths, glob, begun), () => lab.clock() - begun > LIMIT_MS)) ?? {
        ...{ glob, files: 0, bytes: 0, hash: null },
        ...{ by: 'names, sizes and times', why: 'looking through it took longer than 10 seconds' },
      },
    );
  }
  const clean = createRedactor(secretValues(lab.env, project.config.experiment.secret_env));
  const environment: Environment = {
    at: new Date(begun).toISOString(),
    host: record.host,
    system: uname.code === 0 ? uname.stdout.trim() : null,
    distribution: match('/etc/os-release', /^PRETTY_NAME="?([^"\n]+)/m),
    cpu: match('/proc/cpuinfo', /^model name\s*:\s*(.+)$/m),
    python: asked?.python ?? null,
    packages: asked?.packages ?? {},
    gpus: names ?? [],
    driver: match('/sys/module/nvidia/version', /^(\S+)/) ?? match('/sys/module/amdgpu/version', /^(\S+)/),
    git,
    variables: Object.fromEntries(
      KEY_VARIABLES.flatMap((name) => (env[name] === undefined ? [] : [[name, clean(env[name])]])),
    ),
    data,
    notes: notes.map((note) => clean(note).slice(0, 300)),
  };
  writeAtomic(files.environment, `${JSON.stringify(Environment.parse(environment), null, 1)}\n`, {
    mayLose: 'all',
  });
}

/** What was written down for a run; null when nothing was, or when it cannot be read. */
export function readEnvironment(project: Project, run: string): Environment | null {
  const text = readTextIfThere(runPaths(project.paths.runs, run).environment);
  const parsed = Environment.safeParse(text === null ? null : parseJson(text));
  return parsed.success ? parsed.data : null;
}

async function askPython(
  lab: EnvironmentLab,
  record: RunRecord,
  env: Record<string, string>,
): Promise<{ python: Environment['python']; packages: Record<string, string> } | null> {
  const found = locate(record, env);
  if (found === null) return null;
  const { code, stdout, timedOut } = await lab.machine.exec(
    [found.program, '-c', QUESTION, ...KEY_PACKAGES],
    { cwd: record.cwd, env: { ...env, PYTHONDONTWRITEBYTECODE: '1' }, onlyEnv: true, timeoutMs: LIMIT_MS },
  );
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  const answer = Answer.safeParse(code === 0 && !timedOut ? parseJson(line) : null);
  if (!answer.success) {
    const why = timedOut ? 'took longer than 10 seconds to answer' : `gave no answer (exit code ${code})`;
    throw new LabError(`${found.program} ${why}`, 'start it by hand to see why');
  }
  const { packages, ...python } = answer.data;
  return { python: { ...python, how: found.how }, packages };
}

/** The interpreter that a command starts, looked for where the launch looks. */
function locate(
  record: RunRecord,
  env: Record<string, string>,
): { program: string; how: 'command' | 'script' | 'path' } | null {
  const at = (program: string) => findProgram(program, record.cwd, env);
  const meant = interpreterOf(record.command);
  if (meant.how === 'command') {
    const program = at(meant.program);
    return program === null ? null : { program, how: 'command' };
  }
  if (meant.how === 'script') {
    const script = at(meant.program);
    const named = script === null ? null : shebangOf(headOf(script));
    const program = named === null ? null : at(named);
    if (program !== null) return { program, how: 'script' };
  }
  const program = at('.venv/bin/python') ?? at('python3') ?? at('python');
  return program === null ? null : { program, how: 'path' };
}

/** The first bytes of a program, which may be a compiled one. */
function headOf(path: string): string {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(1024);
    return head.toString('latin1', 0, readSync(fd, head));
  } finally {
    closeSync(fd);
  }
}

async function gpuNames(lab: EnvironmentLab, leased: readonly string[]): Promise<string[]> {
  if (leased.length === 0) return [];
  const { gpus } = await lab.surveyGpus();
  return leased.map((key) => gpus.find((gpu) => gpuKey(gpu) === key)?.name ?? 'unknown');
}

function match(path: string, pattern: RegExp): string | null {
  try {
    return pattern.exec(readFileSync(path, 'utf8'))?.[1]?.trim() ?? null;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return null;
  }
}
