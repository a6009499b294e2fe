import { headWithin } from '../../core/bounded.js';
import { LabError } from '../../core/errors.js';
import { isUnderWay } from '../../core/run-record.js';
import { pendingDirective } from '../../store/directive.js';
import type { Project } from '../../store/project.js';
import { readRuns } from '../../store/runs.js';
import type { Lab } from '../lab.js';
import { runToWaitFor, waitForRuns } from '../runs/wait.js';
import type { ToolContext } from '../tool.js';
import { type RunPacket, whereNow } from '../views/packet.js';
import { fullPacket } from '../views/run-packet.js';
import { untoldEndings } from './receipts.js';

export interface WaitPacket {
  reason: 'ended' | 'rule' | 'directive' | 'timeout';
  run: RunPacket | null;
  directive: string | null;
  waited_s: number;
  still_running: string[];
}

/** Hosts give up on a call that says nothing for minutes; this often they hear something. */
const PROGRESS_MS = 15_000;

/** Waits for an agent. Throws LabError when there is nothing to wait for, and when the call was cancelled. */
export async function waitForAgent(
  lab: Lab,
  project: Project,
  request: { run?: string | undefined; timeout_s: number },
  context: ToolContext,
): Promise<WaitPacket> {
  const { runs } = project.paths;
  const open = (): string[] =>
    readRuns(runs)
      .records.filter((run) => isUnderWay(run) && run.replicate === null)
      .map((run) => run.id);
  // What ended while nobody was listening comes first: after a host was killed, the wait is simply asked for again.
  const waiting = [...new Set([...untoldEndings(project), ...open()])];
  const ids =
    request.run !== undefined ? [request.run] : waiting.length > 0 ? waiting : [runToWaitFor(project)];
  const begun = lab.clock();
  const waited = await waitForRuns(lab, project, {
    runs: ids,
    timeoutMs: request.timeout_s * 1000,
    wakeOnDirective: true,
    wakeOnRule: true,
    signal: context.signal,
    progressMs: PROGRESS_MS,
    onProgress: (views) =>
      context.progress(
        views
          .slice(0, 3)
          .map((run) => `${run.id} ${whereNow(run)}`)
          .join('; '),
        (lab.clock() - begun) / 1000,
      ),
  });
  if (waited.reason === 'cancelled')
    throw new LabError('the wait was cancelled', 'runs go on; call wait_for_experiment again');
  const directive = pendingDirective(project.paths.workspace)?.text ?? null;
  return {
    reason: waited.reason,
    run: waited.run === null ? null : fullPacket(lab, project, waited.run),
    directive: directive === null ? null : headWithin(directive, 1500),
    waited_s: Number(((lab.clock() - begun) / 1000).toFixed(1)),
    still_running: open().slice(0, 8),
  };
}
