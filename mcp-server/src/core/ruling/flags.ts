import { armOf, replicatedValues, usableValue, valuesOf } from '../arms.js';
import type { Campaign, CampaignRun } from '../campaign.js';
import { poolNoise } from '../verdict/noise.js';
import { suspicions } from '../verdict/suspicion.js';

/** Peers that a run is compared with: the newest ones. */
const PEERS = 200;

/** What a person should look at before a run is believed, in words. It decides nothing. */
export function flagsOf(campaign: Campaign, run: CampaignRun): string[] {
  return [...conditionsOf(campaign, run), ...suspicionsOf(campaign, run)];
}

/** Under what the run and its other seeds ran, where that was unlike. */
function conditionsOf(campaign: Campaign, run: CampaignRun): string[] {
  const others = campaign.replicates.get(run.id) ?? [];
  return [run.id, ...others].flatMap((id) => {
    const words = campaign.runs.get(id)?.end?.conditions;
    return words === undefined ? [] : [id === run.id ? words : `${id}: ${words}`];
  });
}

function suspicionsOf(campaign: Campaign, run: CampaignRun): string[] {
  const { champion } = campaign;
  const value = usableValue(run);
  if (run.end?.direction == null || run.end.metric === null || value === null || champion === null) return [];
  const peers = campaign.ended
    .filter((id) => id !== run.id)
    .slice(-PEERS)
    .flatMap((id) => campaign.runs.get(id) ?? []);
  const found = suspicions({
    direction: run.end.direction,
    metric: run.end.metric,
    value,
    seconds: run.end.duration_s,
    code: run.launch?.key ?? null,
    champion: valuesOf(armOf(campaign, champion)),
    seeds: valuesOf(armOf(campaign, run.id)),
    noise: poolNoise(replicatedValues(campaign, [run.id])),
    peers: peers.map((peer) => ({
      run: peer.id,
      value: usableValue(peer),
      seconds: peer.end?.ending === 'succeeded' ? peer.end.duration_s : null,
      code: peer.launch?.key ?? null,
    })),
    byLockedEvaluator: null,
  });
  return found.map(({ words }) => words);
}
