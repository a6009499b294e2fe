import { statSync } from 'node:fs';
import { budgetRefusal } from '../../core/budget.js';
import type { Campaign, Contract } from '../../core/campaign.js';
import { isBetter } from '../../core/metric.js';
import { isUnderWay } from '../../core/run-record.js';
import { pendingDirective } from '../../store/directive.js';
import { readCampaign } from '../../store/ledger.js';
import type { Project } from '../../store/project.js';
import { readRuns } from '../../store/runs.js';
import { readReminders, writeReminders } from '../../store/stop-hook.js';
import { fileMatches } from '../../store/transcript.js';
import type { Lab } from '../lab.js';
import { currentUse } from '../runs/budget.js';
import { untoldEndings } from './receipts.js';

/** An agent that is sent back this often without anything coming of it is let go. */
const IN_A_ROW = 2;
/** Reminders of one campaign at most: some for each cycle, and some for its beginning and end. */
const perCampaign = (contract: Contract): number => 3 * contract.maxCycles + 5;
/** The record of a conversation names each call of a tool in this way, in both hosts. */
const DRIVES = /"name":\s*"(?:mcp__[\w-]*__)?set_campaign"/;

/**
 * Why the session that drives a campaign must not end its turn yet, or null. Quiet outside campaigns, in every other
 * session, and as soon as the limits are reached: it keeps an agent to what the person asked for and to nothing more.
 */
export function whyGoOn(lab: Pick<Lab, 'clock'>, project: Project, transcript: string | null): string | null {
  const { paths } = project;
  const { campaign } = readCampaign(paths.ledger);
  const { contract } = campaign;
  if (contract === null || transcript === null || !fileMatches(transcript, DRIVES)) return null;
  const next = nextStep(lab, project, campaign, contract);
  if (next === null || !mayRemind(project, contract)) return null;
  return `The campaign is under way (${contract.cyclesUsed} of ${contract.maxCycles} cycles used). ${next}`;
}

function nextStep(
  lab: Pick<Lab, 'clock'>,
  project: Project,
  campaign: Campaign,
  contract: Contract,
): string | null {
  const { records } = readRuns(project.paths.runs);
  const untold = untoldEndings(project)[0];
  if (untold !== undefined) return `${untold} has ended: wait_for_experiment {"run":"${untold}"} tells how.`;
  const open = records.find((run) => isUnderWay(run) && run.replicate === null);
  if (open !== undefined)
    return `${open.id} is ${open.state === 'ended' ? 'being confirmed' : open.state}: call wait_for_experiment {"run":"${open.id}"}; it costs nothing.`;
  const noted = new Set(campaign.results.map(({ run }) => run));
  const fresh = [...campaign.unreflected]
    .flatMap((id) => campaign.runs.get(id) ?? [])
    .find(({ id, launch }) => launch !== null && launch.at >= contract.since && !noted.has(id));
  if (fresh !== undefined) return `Nobody has reflected on ${fresh.id}: log_memory {"run":"${fresh.id}", …}.`;
  if (limitReached(lab, project, campaign, contract)) return null;
  const order =
    pendingDirective(project.paths.workspace) === null ? '' : ' A directive waits: act on it first.';
  return `Plan the next cycle.${order} If a reason to stop holds, say it with set_campaign {"stop": "…"} and report.`;
}

function limitReached(
  lab: Pick<Lab, 'clock'>,
  project: Project,
  campaign: Campaign,
  contract: Contract,
): boolean {
  if (campaign.baseline !== null && contract.cyclesUsed >= contract.maxCycles) return true;
  const { budget, experiment } = project.config;
  if (budgetRefusal(budget, currentUse(project, campaign, lab.clock()), null) !== null) return true;
  const best = campaign.champion === null ? undefined : campaign.runs.get(campaign.champion)?.verdict;
  const { target, direction } = experiment;
  if (target === undefined || direction === undefined || best?.value == null) return false;
  return typeof best.value === 'number' && !isBetter(target, best.value, direction);
}

function mayRemind(project: Project, contract: Contract): boolean {
  const { ledger, stopHook } = project.paths;
  const before = readReminders(stopHook);
  const known = before?.campaign === contract.since ? before : null;
  const size = statSync(ledger).size;
  const inARow = known?.ledger === size ? known.inARow : 0;
  const total = known?.total ?? 0;
  if (inARow >= IN_A_ROW || total >= perCampaign(contract)) return false;
  writeReminders(stopHook, { campaign: contract.since, ledger: size, inARow: inARow + 1, total: total + 1 });
  return true;
}
