import { headWithin } from '../../core/bounded.js';
import { readCampaign } from '../../store/ledger.js';
import type { Project } from '../../store/project.js';
import { listRuns } from '../../store/runs.js';
import type { Lab } from '../lab.js';
import { buildOverview } from '../views/overview.js';
import { statusPacket, statusPacketText } from '../views/packet.js';
import { takeEndings, untoldEndings } from './receipts.js';

/** Characters of JSON of what a session is told at its start: under 1,500 tokens. */
const MAX_JSON = 4400;

/**
 * What a session of a host must know when it begins in a project, or when its conversation was cut short: null where
 * nothing is under way. Endings that stand in it count as told.
 */
export async function sessionBriefing(lab: Lab, project: Project): Promise<string | null> {
  const { contract } = readCampaign(project.paths.ledger).campaign;
  if (contract === null && untoldEndings(project).length === 0 && listRuns(project.paths.runs).length === 0)
    return null;
  const view = await buildOverview(lab, project);
  const open = view.runs.filter((run) => run.state !== 'ended');
  const news = takeEndings(lab, project);
  if (contract === null && open.length === 0 && news.length === 0) return null;
  const text = [
    contract === null
      ? 'Experiments of auto-experiment are under way in this folder.'
      : `A campaign of auto-experiment is under way in this folder: ${contract.cyclesUsed} of ${contract.maxCycles} cycles used.`,
    ...news.map((line) => `Ended, not told before: ${line}`),
    'State:',
    statusPacketText(statusPacket(view)),
    contract === null
      ? 'Nothing needs to be done about it unless the person asks; running training needs nobody.'
      : 'If this session is to go on with the campaign: skill auto-experiment, step 1 (experiment_status, read_memory, set_campaign with the same limits). Launch nothing again that is named above. If the person asks for something else, do that; running training needs nobody.',
  ].join('\n');
  return headWithin(text, MAX_JSON);
}
