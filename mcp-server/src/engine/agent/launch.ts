import type { Campaign } from '../../core/campaign.js';
import { toArgv } from '../../core/command.js';
import type { Plan } from '../../core/ledger.js';
import type { StatedPrediction } from '../../core/predictions.js';
import { isUnderWay } from '../../core/run-record.js';
import { clip } from '../../core/text.js';
import { appendLedger, readCampaign } from '../../store/ledger.js';
import type { Project } from '../../store/project.js';
import { oweEnding } from '../../store/receipts.js';
import type { Lab } from '../lab.js';
import { dropPlan } from '../loop/drop.js';
import { launch } from '../runs/launch.js';
import { viewRun } from '../runs/view.js';
import type { ToolContext } from '../tool.js';
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

/**
 * Launches a run for an agent: the dry run is enforced, and what the run is meant to show is written down. The code agent
 * of the loop launches for the plan that it was sent for, once, however often it calls. Throws LabError.
 */
export async function launchForAgent(
  lab: Lab,
  project: Project,
  request: AgentLaunch,
  { signal, role }: Pick<ToolContext, 'signal' | 'role'>,
): Promise<{ run: RunPacket; notes: string[] }> {
  assertCyclesLeft(project);
  const before = readCampaign(project.paths.ledger).campaign;
  const plan = role === 'code' ? planOfWorker(before) : null;
  const { record, notes, repeated } = await launch(lab, withGpus(project, before, plan), {
    argv: toArgv(request.command),
    dryRunPolicy: 'enforce',
    repeat: 'answer',
    signal,
    ...(plan === null ? {} : { plan: plan.id, role: plan.role, held: true }),
    ...titled(plan?.title ?? request.title),
    ...(request.dry_run === undefined ? {} : { dryRun: toArgv(request.dry_run) }),
    ...(request.gpus === undefined ? {} : { gpus: request.gpus }),
    ...(request.time_limit_s === undefined ? {} : { timeLimit: request.time_limit_s }),
  });
  const at = new Date(lab.clock()).toISOString();
  if (plan === null) {
    if (isUnderWay(record)) oweEnding(project.paths.receipts, record.id);
    const { hypothesis = '', prediction } = request;
    if (!repeated && (hypothesis.trim() !== '' || prediction !== undefined)) {
      appendLedger(project.paths.ledger, {
        kind: 'hypothesis',
        at,
        run: record.id,
        text: hypothesis,
        ...(prediction === undefined ? {} : { prediction }),
      });
    }
  } else if (before.runOf.has(plan.id))
    notes.push(`${record.id} is this plan’s run already: one plan, one run`);
  else if (repeated) dropPlan(lab, project, plan.id, `${record.id} does the same work`);
  const known = readCampaign(project.paths.ledger).campaign.runs.get(record.id);
  return {
    run: runPacket(viewRun(project.paths, record, known, lab.clock()), 0),
    notes: notes.slice(0, 8).map((note) => clip(note, 240)),
  };
}

const titled = (title: string | undefined): { title?: string } => (title === undefined ? {} : { title });

/** The plan of the code agent that the loop has sent and that has not come back, or null. */
function planOfWorker(campaign: Campaign): Plan | null {
  const step = campaign.loop.steps.findLast(({ role, state }) => role === 'code' && state === 'begun');
  return campaign.planOf.get(step?.plan ?? '') ?? null;
}

/** The project, kept to the GPUs that the person named for the campaign or for the loop. */
function withGpus(project: Project, { contract }: Campaign, plan: Plan | null): Project {
  const use = plan?.gpus ?? contract?.gpus ?? null;
  if (use === null) return project;
  return { ...project, config: { ...project.config, gpu: { ...project.config.gpu, use } } };
}
