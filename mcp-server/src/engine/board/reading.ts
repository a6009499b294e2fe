import { statSync } from 'node:fs';
import type { WholeCampaign } from '../../core/campaign.js';
import { LabError } from '../../core/errors.js';
import type { LedgerRecord } from '../../core/ledger.js';
import type { RunView } from '../../core/run.js';
import { isUnderWay, type RunRecord } from '../../core/run-record.js';
import { createLedgerTail } from '../../store/ledger-tail.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import { listRuns, readRun } from '../../store/runs.js';
import { type Known, runView } from '../views/overview.js';

/** What was read of a project, and which runs may look different from before. */
interface Reading extends Known {
  campaign: WholeCampaign;
  touched: ReadonlySet<string>;
}

export interface ProjectReading {
  /** Reads what is new since the last time. Throws LabError. */
  read(project: Project, now: number, signal: AbortSignal): Promise<Reading>;
}

interface Held {
  record: RunRecord | null;
  /** Size, time and identity of the file that it was read from. */
  stamp: string;
  view: RunView | null;
  warning: string | null;
}

/** So many runs are read before other work gets its turn. */
const BATCH = 100;

/**
 * Keeps a project in memory and reads what changes: the ledger by its end, each run's file once it has ended and was judged.
 * Gives what `buildOverview` would read anew. One project folder each.
 */
export function createProjectReading(ledger: string): ProjectReading {
  const tail = createLedgerTail(ledger);
  const held = new Map<string, Held>();
  let baseline: string | null = null;
  // What is not told yet: a reading may end early, and the next one must not forget what it had met.
  let all = false;
  let named = new Set<string>();

  const look = (project: Project, id: string, again: boolean): boolean => {
    const old = held.get(id);
    if (old !== undefined && !again && old.record !== null && !isUnderWay(old.record)) return false;
    const stamp = stampOf(runPaths(project.paths.runs, id).json);
    if (old !== undefined && old.stamp === stamp) return old.record !== null && isUnderWay(old.record);
    try {
      held.set(id, { record: readRun(project.paths.runs, id), stamp, view: null, warning: null });
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      held.set(id, { record: null, stamp, view: null, warning: `${error.message}; ${error.hint}` });
    }
    return true;
  };

  return {
    async read(project, now, signal) {
      const { fresh, begun } = tail.read();
      const campaign = tail.campaign();
      for (const id of fresh.flatMap(runsOf)) named.add(id);
      const ids = listRuns(project.paths.runs);
      const there = new Set(ids);
      for (const id of held.keys()) if (!there.has(id)) held.delete(id);
      // What every run is compared with: when it moves, all of them look different.
      all ||= begun || campaign.baseline !== baseline;
      baseline = campaign.baseline;
      const touched = new Set<string>();
      for (const [index, id] of ids.entries()) {
        if (look(project, id, named.has(id)) || named.has(id) || all) touched.add(id);
        if (index % BATCH === BATCH - 1 && touched.size > 0) {
          await new Promise((next) => setImmediate(next));
          signal.throwIfAborted();
        }
      }
      const records: RunRecord[] = [];
      const runs: RunView[] = [];
      for (const id of ids) {
        const one = held.get(id);
        if (one?.record == null) continue;
        if (one.view === null || touched.has(id)) {
          touched.add(id);
          one.view = runView(project, campaign, one.record, now);
        }
        records.push(one.record);
        runs.push(one.view);
      }
      const warnings = [...tail.warnings(), ...[...held.values()].flatMap(({ warning }) => warning ?? [])];
      all = false;
      named = new Set();
      return { campaign, records, runs, warnings, touched };
    },
  };
}

function runsOf(record: LedgerRecord): string[] {
  switch (record.kind) {
    case 'launch':
    case 'start':
    case 'end':
    case 'verdict':
    case 'confirm':
    case 'early':
    case 'withdraw':
      return [record.run];
    default:
      return [];
  }
}

function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 'absent' : `${stat.ino}:${stat.size}:${stat.mtimeMs}`;
}
