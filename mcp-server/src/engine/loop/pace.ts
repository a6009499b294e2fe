import { backOff } from '../../core/backoff.js';
import type { Campaign } from '../../core/campaign.js';
import { formatDuration } from '../../core/units.js';
import type { Moment, Waiting } from './planner.js';

/**
 * Why the leader is not asked yet, or null: it rests because it wanted to, the last answers could not be used, or the last
 * cycle began only just now. A new directive, or a run that ended meanwhile, ends the first and the last of these early.
 */
export function gate({
  lab,
  project,
  campaign,
  heard,
}: Pick<Moment, 'lab' | 'project' | 'campaign' | 'heard'>): Waiting | null {
  const { loop } = campaign;
  if (loop.since === null || loop.open) return null;
  const now = lab.clock();
  const since = Date.parse(loop.since);
  const { thought } = loop;
  const said = thought === null ? since : Date.parse(thought.at);
  const until = (time: number, why?: string): Waiting | null =>
    // A clock that was set back ends a pause; it does not prolong it.
    now >= time || now < said ? null : { do: 'wait', until: time, ...(why === undefined ? {} : { why }) };
  const ordered = heard.asks.some(({ takenAt }) => Date.parse(takenAt) >= said);
  if (thought?.action === 'none' && !ordered) {
    // The same for every look at the same failure, and another for the next one.
    const pause = backOff(loop.failures, () => (said % 1000) / 1000);
    return until(
      said + pause,
      `${loop.failures} answers in a row could not be used; next try in ${formatDuration(pause / 1000)}`,
    );
  }
  if (heard.asks.length > 0) return null;
  if (thought?.action === 'wait' && thought.until !== undefined)
    return endedSince(campaign, said, null)
      ? null
      : until(Date.parse(thought.until), `the leader waits: ${thought.why}`);
  const own = campaign.runOf.get(campaign.plans.at(-1)?.id ?? '') ?? null;
  if (endedSince(campaign, since, own)) return null;
  return until(since + project.config.agent.cooldown_interval * 1000);
}

/** Whether a run has ended since then, those that repeat another one and `besides` left aside. */
function endedSince(campaign: Campaign, since: number, besides: string | null): boolean {
  for (let at = campaign.ended.length - 1; at >= 0; at--) {
    const id = campaign.ended[at] ?? '';
    const run = campaign.runs.get(id);
    if (run?.end == null || Date.parse(run.end.at) <= since) return false;
    if (id !== besides && run.launch?.replicate === undefined) return true;
  }
  return false;
}
