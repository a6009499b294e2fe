// A temporary place for one bench: projects, their runs, and the ending of all that was started in it.
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleEngine, loadEngine, ROOT } from './engine.mjs';
import { run, until } from './measure.mjs';

const BRIEF =
  '---\nmetric: val_acc\ndirection: maximize\n---\n# Goal\nMeasure the program, not the training.\n';
const CONFIG =
  'gpu: {auto_detect: false}\nexperiment: {max_parallel: 100, mandatory_dry_run: false, stall_timeout: off}\n';

/** `program` is the main.cjs that is measured. Call `close` however the bench ends. */
export async function openPlace(program) {
  const folder = mkdtempSync(join(tmpdir(), 'auto-experiment-bench-'));
  const env = { ...process.env, AUTO_EXPERIMENT_STATE_DIR: join(folder, 'state') };
  const projects = [];
  const close = async () => {
    for (const project of projects) await endAll(project);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const bundle = await bundleEngine(folder);
    const engine = await loadEngine(bundle);
    const cli = (...args) => [process.execPath, program, ...args];
    return {
      folder,
      env,
      engine,
      bundle,
      cli,
      close,
      python: (await run(['python3', '-c', 'import sys; print(sys.executable)'])).out.trim(),
      /** A new project, and a lab for the engine's verbs whose supervisor is the measured program's. */
      project(name, config = CONFIG) {
        const dir = join(folder, name);
        mkdirSync(dir);
        writeFileSync(join(dir, 'PROJECT_BRIEF.md'), BRIEF);
        writeFileSync(join(dir, 'config.yaml'), config);
        const project = engine.openProject(dir);
        engine.ensureWorkspace(project.paths);
        projects.push(project);
        const spawnSupervisor = () =>
          spawn(process.execPath, [program, 'supervise', '--project', dir], {
            detached: true,
            stdio: 'ignore',
            env,
          }).unref();
        return { dir, project, lab: labOf(engine, dir, env, spawnSupervisor) };
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function labOf(engine, dir, env, spawnSupervisor) {
  return {
    open: () => engine.openProject(dir),
    machine: engine.localMachine(),
    jobs: engine.processJobs(),
    surveyGpus: async () => ({ machine: hostname(), gpus: [], error: null }),
    clock: Date.now,
    random: Math.random,
    env,
    host: hostname(),
    leases: join(env.AUTO_EXPERIMENT_STATE_DIR, 'leases'),
    spawnSupervisor,
  };
}

/** Queues one run of the training that does nothing; resolves with its folder's paths. */
export async function launchTraining(place, { lab, project }, every) {
  const argv = [place.python, join(ROOT, 'scripts', 'bench', 'training.py'), String(every)];
  const { record } = await place.engine.launch(lab, project, { argv, dryRunPolicy: 'skip' });
  return { id: record.id, ...place.engine.runPaths(project.paths.runs, record.id) };
}

/** The process of a training, once it is ready to be told to end. */
export async function trainingOf(files) {
  await until(
    `${files.dir} is ready`,
    () => existsSync(files.log) && readFileSync(files.log, 'utf8').startsWith('ready'),
  );
  const wrapper = wrapperOf(files.record);
  return Number(readFileSync(`/proc/${wrapper}/task/${wrapper}/children`, 'latin1').split(' ')[0]);
}

/** When the training ended by its own word, milliseconds since 1970. */
export function endOf(files) {
  const [, seconds] = /ended at ([\d.]+)/.exec(readFileSync(files.log, 'utf8')) ?? [];
  if (seconds === undefined) throw new Error(`${files.log} does not tell its end`);
  return Number(seconds) * 1000;
}

/** Process of a project's supervisor; null when none has said that it is at work. */
export function supervisorOf(project) {
  if (!existsSync(project.paths.supervisor)) return null;
  const { pid } = JSON.parse(readFileSync(project.paths.supervisor, 'utf8'));
  return commandOf(pid).includes(project.paths.root) ? pid : null;
}

function wrapperOf(record) {
  const [, pid] = /^pid=(\d+);/.exec(readlinkSync(join(record, 'started'))) ?? [];
  return Number(pid);
}

function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    // It has ended.
    return '';
  }
}

/** Ends the supervisor of a project, then its trainings, each in a group of its own. Only processes that name this folder. */
async function endAll({ paths }) {
  const supervisor = supervisorOf({ paths });
  if (supervisor !== null) {
    process.kill(supervisor, 'SIGTERM');
    await until('the supervisor leaves', () => commandOf(supervisor) === '');
  }
  for (const id of existsSync(paths.runs) ? readdirSync(paths.runs) : []) {
    const record = join(paths.runs, id, 'record');
    if (
      !existsSync(record) ||
      !readdirSync(record).includes('started') ||
      readdirSync(record).includes('exited')
    )
      continue;
    const wrapper = wrapperOf(record);
    if (!commandOf(wrapper).includes(record)) continue;
    process.kill(-wrapper, 'SIGKILL');
    await until(`${id} is gone`, () => commandOf(wrapper) === '');
  }
}
