import { armOf, replicatedValues, usableValue, valuesOf } from '../arms.js';
import type { Campaign, CampaignRun } from '../campaign.js';
import { poolNoise } from '../verdict/noise.js';
import { suspicions } from '../verdict/suspicion.js';

/** Peers that a run is compared with: the newest ones. */
const PEERS = 200;

/** What a person should look at before a run is believed, in words. It decides nothing. */
export function flagsOf(campaign: Campaign, run: CampaignRun): string[] {
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
    noise: poolNoise(replicatedValues(campaign)),
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
