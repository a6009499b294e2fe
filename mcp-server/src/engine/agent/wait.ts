import { headWithin } from '../../core/bounded.js';
import { LabError } from '../../core/errors.js';
import type { RunView } from '../../core/run.js';
import { isUnderWay } from '../../core/run-record.js';
import { pendingDirective } from '../../store/directive.js';
import type { Project } from '../../store/project.js';
import { readRuns } from '../../store/runs.js';
import type { Lab } from '../lab.js';
import { keepSupervised } from '../runs/supervised.js';
import { beginWatch, lookAt, runToWaitFor, viewRuns, waitForRuns } from '../runs/wait.js';
import type { ToolContext } from '../tool.js';
import { type RunPacket, whereNow } from '../views/packet.js';
import { fullPacket } from '../views/run-packet.js';
import { untoldEndings } from './receipts.js';
import { readTicket, writeTicket } from './wait-ticket.js';

export interface WaitPacket {
  reason: 'ended' | 'rule' | 'directive' | 'timeout';
  run: RunPacket | null;
  directive: string | null;
  waited_s: number;
  still_running: string[];
}

/** Hosts give up on a call that says nothing for minutes; this often they hear something. */
const PROGRESS_MS = 15_000;

interface WaitRequest {
  run?: string | undefined;
  timeout_s: number;
}

/** Waits for an agent. Throws LabError when there is nothing to wait for, and when the call was cancelled. */
export async function waitForAgent(
  lab: Lab,
  project: Project,
  request: WaitRequest,
  context: ToolContext,
): Promise<WaitPacket> {
  const begun = lab.clock();
  const waited = await waitForRuns(lab, project, {
    runs: toWaitFor(project, request.run),
    timeoutMs: request.timeout_s * 1000,
    ...WAKE,
    signal: context.signal,
    progressMs: PROGRESS_MS,
    onProgress: (views) => context.progress(whereTheyAre(views), (lab.clock() - begun) / 1000),
  });
  if (waited.reason === 'cancelled')
    throw new LabError('the wait was cancelled', 'runs go on; call wait_for_experiment again');
  return packetOf(lab, project, { ...waited, reason: waited.reason }, begun);
}

/** The same wait for a client that polls: a word by which any server can be asked how it stands. Throws LabError. */
export function beginWait(project: Project, request: WaitRequest): string {
  return writeTicket({
    watch: beginWatch(project, toWaitFor(project, request.run)),
    timeoutMs: request.timeout_s * 1000,
  });
}

/** How a wait stands: its packet when it is over, else in words. Throws LabError for a word that is none of ours. */
export async function lookAtWait(
  lab: Lab,
  project: Project,
  word: string,
  begun: number,
): Promise<WaitPacket | string> {
  const ticket = readTicket(word);
  if (ticket === null)
    throw new LabError(`"${word.slice(0, 80)}" is no wait of this server`, 'call wait_for_experiment again');
  const { watch, timeoutMs } = ticket;
  const found = lookAt(lab, project, watch, WAKE);
  if (found !== null && found.reason !== 'cancelled')
    return packetOf(lab, project, { ...found, reason: found.reason }, begun);
  if (lab.clock() >= begun + timeoutMs)
    return packetOf(lab, project, { reason: 'timeout', run: null }, begun);
  await keepSupervised(lab, project.paths.root);
  return whereTheyAre(viewRuns(lab, project, watch.runs));
}

const WAKE = { wakeOnDirective: true, wakeOnRule: true };

const whereTheyAre = (views: readonly RunView[]): string =>
  views
    .slice(0, 3)
    .map((run) => `${run.id} ${whereNow(run)}`)
    .join('; ');

/** What ended while nobody was listening comes first: after a host was killed, the wait is simply asked for again. */
function toWaitFor(project: Project, run: string | undefined): string[] {
  if (run !== undefined) return [run];
  const waiting = [...new Set([...untoldEndings(project), ...open(project)])];
  return waiting.length > 0 ? waiting : [runToWaitFor(project)];
}

const open = ({ paths }: Project): string[] =>
  readRuns(paths.runs)
    .records.filter((run) => isUnderWay(run) && run.replicate === null)
    .map((run) => run.id);

function packetOf(
  lab: Lab,
  project: Project,
  { reason, run }: { reason: WaitPacket['reason']; run: RunView | null },
  begun: number,
): WaitPacket {
  const directive = pendingDirective(project.paths.workspace)?.text ?? null;
  return {
    reason,
    run: run === null ? null : fullPacket(lab, project, run),
    directive: directive === null ? null : headWithin(directive, 1500),
    waited_s: Number(((lab.clock() - begun) / 1000).toFixed(1)),
    still_running: open(project).slice(0, 8),
  };
}
