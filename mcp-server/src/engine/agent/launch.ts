import { toArgv } from '../../core/command.js';
import type { StatedPrediction } from '../../core/predictions.js';
import { isUnderWay } from '../../core/run-record.js';
import { clip } from '../../core/text.js';
import { appendLedger, readCampaign } from '../../store/ledger.js';
import type { Project } from '../../store/project.js';
import { oweEnding } from '../../store/receipts.js';
import type { Lab } from '../lab.js';
import { launch } from '../runs/launch.js';
import { viewRun } from '../runs/view.js';
import { type RunPacket, runPacket } from '../views/packet.js';
import { assertCyclesLeft } from './campaign.js';

export interface AgentLaunch {
  command: string | string[];
  title?: string | undefined;
  hypothesis?: string | undefined;
  prediction?: StatedPrediction | undefined;
  dry_run?: string | string[] | undefined;
  gpus?: number | undefined;
  time_limit_s?: number | undefined;
}

/** Launches a run for an agent: the dry run is enforced, and what the run is meant to show is written down. Throws LabError. */
export async function launchForAgent(
  lab: Lab,
  project: Project,
  request: AgentLaunch,
  signal: AbortSignal,
): Promise<{ run: RunPacket; notes: string[] }> {
  assertCyclesLeft(project);
  const { record, notes, repeated } = await launch(lab, withGpus(project), {
    argv: toArgv(request.command),
    dryRunPolicy: 'enforce',
    repeat: 'answer',
    signal,
    ...(request.title === undefined ? {} : { title: request.title }),
    ...(request.dry_run === undefined ? {} : { dryRun: toArgv(request.dry_run) }),
    ...(request.gpus === undefined ? {} : { gpus: request.gpus }),
    ...(request.time_limit_s === undefined ? {} : { timeLimit: request.time_limit_s }),
  });
  if (isUnderWay(record)) oweEnding(project.paths.receipts, record.id);
  const { hypothesis = '', prediction } = request;
  if (!repeated && (hypothesis.trim() !== '' || prediction !== undefined)) {
    appendLedger(project.paths.ledger, {
      kind: 'hypothesis',
      at: new Date(lab.clock()).toISOString(),
      run: record.id,
      text: hypothesis,
      ...(prediction === undefined ? {} : { prediction }),
    });
  }
  const known = readCampaign(project.paths.ledger).campaign.runs.get(record.id);
  return {
    run: runPacket(viewRun(project.paths, record, known, lab.clock()), 0),
    notes: notes.slice(0, 8).map((note) => clip(note, 240)),
  };
}

/** The project, kept to the GPUs that the person named for the campaign. */
function withGpus(project: Project): Project {
  const use = readCampaign(project.paths.ledger).campaign.contract?.gpus ?? null;
  if (use === null) return project;
  return { ...project, config: { ...project.config, gpu: { ...project.config.gpu, use } } };
}
