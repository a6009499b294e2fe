import type { Campaign } from '../../core/campaign.js';
import { after, runsEnded } from '../../core/past.js';
import type { Project } from '../../store/project.js';
import { updateState } from '../../store/state.js';
import type { Lab } from '../lab.js';
import { CHECK_SUPERVISOR_MS } from '../runs/supervised.js';
import type { LoopEvent } from './events.js';
import type { Waiting } from './planner.js';
import type { World } from './world.js';

const LOOK_MS = 500;
const PROGRESS_MS = 1000;

/** What the loop does while it has nothing to decide. Nothing in here can reach a provider. */
export interface Watch {
  /** Tells of runs that have ended since the last call; those that ended before the loop began are told by it if nobody reflected on them. */
  tellEnded(project: Project, campaign: Campaign): void;
  /** Returns when something may have happened: a file changed, the time has come, or after a short while. */
  wait(
    project: Project,
    campaign: Campaign,
    open: readonly string[],
    busy: readonly string[],
    waiting: Waiting,
  ): Promise<void>;
  close(): void;
}

export function createWatch(
  lab: Pick<Lab, 'clock'>,
  world: World,
  first: Project,
  signal: AbortSignal,
  tell: (event: LoopEvent) => void,
): Watch {
  const bell = world.bell(first, signal);
  /** Of those that ever ended, and the runs without a decision among those before the loop began. */
  let told: number | null = null;
  const waitingFor = new Set<string>();
  let progressed = Number.NEGATIVE_INFINITY;
  let supervised = Number.NEGATIVE_INFINITY;
  let said = '';
  let watched: ReadonlySet<string> = new Set();

  return {
    tellEnded(project, campaign) {
      const count = runsEnded(campaign);
      const fresh = told === null ? [] : after(campaign.ended, count, told);
      // A run is told when it is judged; a repetition on another seed as soon as it has ended.
      if (told === null) {
        for (const id of campaign.unreflected) waitingFor.add(id);
        for (const id of campaign.unjudged) if (campaign.runs.get(id)?.end != null) waitingFor.add(id);
      }
      told = count;
      for (const id of fresh) waitingFor.add(id);
      for (const id of waitingFor) {
        const run = campaign.runs.get(id);
        if (run?.verdict == null && run?.launch?.replicate === undefined) continue;
        waitingFor.delete(id);
        tell({ event: 'ended', run: world.view(project, campaign, id) });
      }
    },
    async wait(project, campaign, open, busy, waiting) {
      const now = lab.clock();
      if (open.length > 0 && now - supervised >= CHECK_SUPERVISOR_MS) {
        await world.keepSupervised(project);
        supervised = now;
      }
      if (now - progressed >= PROGRESS_MS) {
        tell({ event: 'progress', runs: busy.map((id) => world.view(project, campaign, id)) });
        progressed = now;
      }
      const words = waiting.why ?? '';
      if (words !== said) {
        said = words;
        const until = waiting.until === undefined ? null : new Date(waiting.until).toISOString();
        if (words !== '') tell({ event: 'sleep', until, why: words });
        updateState(project.paths.state, { reason: words === '' ? null : words });
      }
      const folders = new Set(open.map((id) => world.record(project, id)));
      for (const folder of folders) bell.add(folder);
      // One for each run of months would be more than the system gives.
      for (const folder of watched) if (!folders.has(folder)) bell.remove(folder);
      watched = folders;
      const left = waiting.until === undefined ? LOOK_MS : waiting.until - now;
      await bell.wait(Math.max(1, Math.min(LOOK_MS, left)));
    },
    close: () => bell.close(),
  };
}
