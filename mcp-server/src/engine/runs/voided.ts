import type { Campaign } from '../../core/campaign.js';
import type { RunRecord } from '../../core/run-record.js';
import type { Judgement } from '../../core/verdict.js';
import type { Project } from '../../store/project.js';
import { lockedVerdict } from './locked.js';

/** The verdict on a run whose value counts for nothing, whatever it is; null when it is to be judged. */
export function voided(
  project: Project,
  record: RunRecord,
  campaign: Campaign,
  now: number,
): Judgement | null {
  if (record.started_at === null) return null;
  const reason = lockedVerdict(project, record.id, campaign.baseline, now);
  return reason === null ? null : { status: 'invalid', kept: false, value: record.value, gain: null, reason };
}
