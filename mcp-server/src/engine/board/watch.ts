import { basename, dirname } from 'node:path';
import type { Config } from '../../core/config.js';
import { errorText, LabError } from '../../core/errors.js';
import type { RunView } from '../../core/run.js';
import { lockHolder } from '../../store/lock.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import { readMark } from '../../store/records.js';
import type { Lab } from '../lab.js';
import { type Bell, createBell } from '../runs/bell.js';
import { controllerLock } from '../runs/supervised.js';
import { bareBoard, boardForRuns, type GpuBoard } from '../views/gpu-board.js';
import { gpuPicture } from '../views/gpu-picture.js';
import { overviewOf } from '../views/overview.js';
import { boardOf } from './board.js';
import { progressOf } from './progress.js';
import { createProjectReading, type ProjectReading } from './reading.js';
import { type RunRow, rowOf } from './row.js';
import { createVersions, type Versions } from './versions.js';

/** One line about a project, for the list of all of them. */
export interface ProjectState {
  name: string;
  path: string;
  /** What goes on, or what is wrong with it. */
  text: string;
  broken: boolean;
  /** How many things need a person. */
  needs: number;
  runs: number;
}

export interface ProjectWatch {
  /** Pieces: `board.<section>` and `run.<id>`. */
  pieces: Versions;
  state(): ProjectState;
  /** The project as it was opened last; null while it cannot be opened. */
  project(): Project | null;
  /** Looks until `signal` is aborted, and calls `changed` after each look that found something new. */
  follow(signal: AbortSignal, changed: () => void): Promise<void>;
}

export type WatchLab = Pick<
  Lab,
  'open' | 'clock' | 'surveyGpus' | 'leases' | 'jobs' | 'spawnSupervisor' | 'machine' | 'at'
>;

/** Between two looks at least so long, in milliseconds: many changes at once are one. */
const PAUSE_MS = 400;
/** Without any event: how long what runs goes on is told anew, and what a file system without events costs in delay. */
const BUSY_MS = 3000;
const IDLE_MS = 15_000;
const GPUS_MS = 10_000;
/** Open runs whose folders are watched; the others are looked at from time to time. */
const MOST_WATCHED = 64;

/** Keeps what the page shows of one project. Nothing is read while nobody follows. */
export function watchProject(lab: WatchLab, folder: string): ProjectWatch {
  const pieces = createVersions();
  const gpus = createGpuAsking(lab);
  let reading: ProjectReading | null = null;
  let opened: Project | null = null;
  const rows = new Map<string, RunRow>();
  /** Runs whose rows are to be made anew. */
  const dirty = new Set<string>();
  let compared = '';
  let state: ProjectState = {
    name: basename(folder),
    path: folder,
    text: 'is being read',
    broken: false,
    needs: 0,
    runs: 0,
  };

  /** Reads what is new and puts it into the pieces. Gives the runs that have not ended. Throws LabError. */
  const look = async (bell: Bell, signal: AbortSignal): Promise<RunView[]> => {
    const project = lab.open();
    if (reading === null || opened?.paths.ledger !== project.paths.ledger)
      reading = createProjectReading(project.paths.ledger);
    opened = project;
    const known = await reading.read(project, lab.clock(), signal);
    for (const id of known.touched) dirty.add(id);
    const detect = project.config.gpu.auto_detect;
    const seen = detect ? gpus.last(project.config, () => bell.ring()) : null;
    const overview = await overviewOf(lab, project, known, detect ? (seen ?? NONE).survey : null);
    const open = overview.runs.filter((run) => run.state !== 'ended');
    const board = boardOf({
      overview,
      campaign: known.campaign,
      project,
      loop: (await lockHolder(controllerLock(project.paths.root))) !== null,
      stopping: new Set(open.map(({ id }) => id).filter((id) => isStopping(project, id))),
      gpus: seen === null ? null : gpuPicture(seen),
      gpuNote: detect ? null : 'gpu.auto_detect is off: no GPU is used or leased.',
    });
    for (const [name, value] of Object.entries(board)) pieces.put(`board.${name}`, JSON.stringify(value));
    // When what all are compared with moves (the baseline’s mean, the GPUs’ names), all of them look different.
    const against = JSON.stringify([
      overview.baseline,
      overview.metric,
      overview.gpus.map(({ uuid }) => uuid),
    ]);
    const context = { ...overview, campaign: known.campaign };
    for (const run of overview.runs) {
      if (compared === against && !dirty.has(run.id) && rows.has(run.id)) continue;
      const row = rowOf(run, context);
      rows.set(run.id, row);
      pieces.put(`run.${run.id}`, JSON.stringify(row));
    }
    compared = against;
    dirty.clear();
    const there = new Set(overview.runs.map(({ id }) => id));
    for (const id of rows.keys()) {
      if (there.has(id)) continue;
      rows.delete(id);
      pieces.remove(`run.${id}`);
    }
    const shown = overview.runs.flatMap(({ id }) => rows.get(id) ?? []);
    const progress = overview.metric === null ? null : progressOf(shown, overview.metric.direction);
    pieces.put('board.progress', JSON.stringify(progress));
    pieces.put('error', 'null');
    const needs = board.needs.filter(({ tone }) => tone !== 'plain').length;
    const { project: name, path, status: text, runs } = overview;
    state = { name, path, text, broken: false, needs, runs: runs.length };
    return open;
  };

  const broken = (error: unknown): void => {
    const words = wordsOf(error);
    pieces.put('error', JSON.stringify(words));
    state = { ...state, text: words.message, broken: true, needs: 1 };
  };

  return {
    pieces,
    state: () => state,
    project: () => opened,
    async follow(signal, changed) {
      const bell = createBell([], signal);
      try {
        while (!signal.aborted) {
          const before = `${pieces.version()} ${JSON.stringify(state)}`;
          let open: RunView[] = [];
          try {
            open = await look(bell, signal);
          } catch (error) {
            if (signal.aborted) return;
            broken(error);
          }
          if (`${pieces.version()} ${JSON.stringify(state)}` !== before) changed();
          watchFolders(bell, folder, opened, open);
          await pause(PAUSE_MS, signal);
          await bell.wait(open.length > 0 ? BUSY_MS : IDLE_MS);
        }
      } finally {
        bell.close();
      }
    },
  };
}

const NONE = bareBoard({ machine: '', gpus: [], error: null });

/** Drivers may take seconds to answer: the last answer is shown meanwhile. */
function createGpuAsking(lab: Pick<WatchLab, 'surveyGpus' | 'machine' | 'at' | 'clock' | 'leases' | 'jobs'>) {
  let answer: GpuBoard | null = null;
  let at = Number.NEGATIVE_INFINITY;
  let asking = false;
  return {
    /** What was said last; null before the first answer. Asks again where that is old, and tells when there is an answer. */
    last(config: Config, told: () => void): GpuBoard | null {
      if (asking || lab.clock() - at < GPUS_MS) return answer;
      asking = true;
      const keep = (said: GpuBoard): void => {
        [answer, at, asking] = [said, lab.clock(), false];
        told();
      };
      boardForRuns(lab, config, new AbortController().signal).then(keep, (error: unknown) =>
        keep(bareBoard({ ...NONE.survey, error: errorText(error) })),
      );
      return answer;
    },
  };
}

const isStopping = (project: Project, id: string): boolean =>
  readMark(runPaths(project.paths.runs, id).record, 'stop') !== null;

function wordsOf(error: unknown): { message: string; hint: string } {
  if (error instanceof LabError) return { message: error.message, hint: error.hint };
  return { message: errorText(error), hint: 'this is a defect of auto-experiment; please report it' };
}

/** Where something may change: the brief and the config, the workspace, the runs, and what is open among them. */
function watchFolders(bell: Bell, folder: string, project: Project | null, open: readonly RunView[]): void {
  bell.add(folder, (name) => name === 'config.yaml' || name.endsWith('.md'));
  if (project === null) return;
  const { paths } = project;
  const settings = new Set([basename(paths.config), basename(paths.brief), basename(paths.workspace)]);
  const files = [paths.ledger, paths.state, paths.directive, paths.memory, paths.controller, paths.runs];
  const names = new Set(files.map((path) => basename(path)));
  bell.add(paths.root, (name) => settings.has(name));
  bell.add(dirname(paths.brief), (name) => settings.has(name));
  bell.add(paths.workspace, (name) => names.has(name));
  bell.add(paths.runs, (name) => !name.startsWith('.'));
  const wanted = new Set<string>();
  for (const { id } of open.slice(0, MOST_WATCHED)) {
    const files = runPaths(paths.runs, id);
    bell.add(files.dir, (name) => name === 'run.json');
    bell.add(files.record);
    wanted.add(files.dir).add(files.record);
  }
  for (const path of bell.folders())
    if (path.startsWith(`${paths.runs}/`) && !wanted.has(path)) bell.remove(path);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
