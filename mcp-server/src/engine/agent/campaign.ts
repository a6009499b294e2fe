import { LabError } from '../../core/errors.js';
import { clip, oneLine } from '../../core/text.js';
import type { CampaignView } from '../../core/view.js';
import { appendLedger, readCampaign } from '../../store/ledger.js';
import { ensureWorkspace, type Project } from '../../store/project.js';
import { wakeHerald } from '../herald/wake.js';
import type { Lab } from '../lab.js';
import { campaignView, type OverviewLab } from '../views/overview.js';
import { writeReport } from '../views/write-report.js';

export interface CampaignRequest {
  max_cycles?: number | undefined;
  gpus?: number[] | undefined;
  stop?: string | undefined;
}

/**
 * Writes down what an agent may do unattended, or that it has come to an end. Naming the same limits again changes
 * nothing; naming others changes them and keeps the count. At the end the report is written and the person told. Throws LabError where both or neither are
 * asked for.
 */
export async function setCampaign(
  lab: OverviewLab & Pick<Lab, 'env' | 'spawnHerald'>,
  project: Project,
  request: CampaignRequest,
): Promise<{ campaign: CampaignView | null; stopped: string | null }> {
  const { max_cycles, gpus, stop } = request;
  const { ledger } = project.paths;
  if ((max_cycles === undefined) === (stop === undefined))
    throw new LabError(
      'a campaign is begun with max_cycles or ended with stop',
      'give one of the two: {"max_cycles": 5}, or {"stop": "target reached"}',
    );
  ensureWorkspace(project.paths);
  const before = readCampaign(ledger).campaign;
  const at = new Date(lab.clock()).toISOString();
  if (max_cycles !== undefined) {
    const known = before.contract;
    const same =
      known?.maxCycles === max_cycles && JSON.stringify(known.gpus) === JSON.stringify(gpus ?? null);
    if (!same) appendLedger(ledger, { kind: 'campaign', at, max_cycles, gpus: gpus ?? null });
  } else if (stop !== undefined && before.contract !== null) {
    const reason = clip(oneLine(stop).trim(), 300);
    appendLedger(ledger, { kind: 'stop', at, reason, cycle: before.contract.cyclesUsed });
    await writeReport(lab, project);
    await wakeHerald(lab, project);
  }
  const { campaign } = readCampaign(ledger);
  return { campaign: campaignView(campaign.contract), stopped: campaign.stopped?.reason ?? null };
}

/** Refuses a launch beyond the campaign's cycles. Throws LabError. */
export function assertCyclesLeft(project: Project): void {
  const { contract, baseline } = readCampaign(project.paths.ledger).campaign;
  if (contract === null || baseline === null || contract.cyclesUsed < contract.maxCycles) return;
  throw new LabError(
    `all ${contract.maxCycles} cycles of this campaign are used`,
    'wait for what still runs, reflect, then end it: set_campaign {"stop": "cycles used"}; only the person grants more',
  );
}
