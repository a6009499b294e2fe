import { readCampaign } from '../../store/ledger.js';
import type { Project } from '../../store/project.js';
import { readRun } from '../../store/runs.js';
import type { Lab } from '../lab.js';
import { requestStop } from '../runs/stop.js';
import { viewRun } from '../runs/view.js';
import { waitForRuns } from '../runs/wait.js';
import { buildOverview } from '../views/overview.js';
import { type RunPacket, type StatusPacket, statusPacket } from '../views/packet.js';
import { fullPacket } from '../views/run-packet.js';

/** The campaign, or one run in full. Throws LabError for an unknown run. */
export async function statusForAgent(
  lab: Lab,
  project: Project,
  run: string | undefined,
): Promise<{ status: StatusPacket | null; run: RunPacket | null }> {
  if (run !== undefined) return { status: null, run: packetOf(lab, project, run) };
  return { status: statusPacket(await buildOverview(lab, project)), run: null };
}

/** Stops a run and waits until nothing of it is left, or until the grace and a little more is over. Throws LabError. */
export async function stopForAgent(
  lab: Lab,
  project: Project,
  run: string,
  signal: AbortSignal,
): Promise<{ run: RunPacket; stopped: boolean }> {
  const stopped = await requestStop(lab, project, run, 'agent');
  const timeoutMs = (project.config.experiment.stop_grace + 15) * 1000;
  if (stopped)
    await waitForRuns(lab, project, {
      runs: [run],
      timeoutMs,
      wakeOnDirective: false,
      wakeOnRule: false,
      signal,
    });
  return { run: packetOf(lab, project, run), stopped };
}

function packetOf(lab: Lab, project: Project, run: string): RunPacket {
  const { paths } = project;
  const { campaign } = readCampaign(paths.ledger);
  const view = viewRun(paths, readRun(paths.runs, run), campaign.runs.get(run), lab.clock());
  return fullPacket(lab, project, view);
}
