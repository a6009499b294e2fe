import { replicatedValues } from '../arms.js';
import type { Campaign, WholeCampaign } from '../campaign.js';
import type { Config } from '../config.js';
import { type AlphaState, allotAlpha } from '../verdict/alpha.js';
import { poolNoise } from '../verdict/noise.js';
import type { Certainty } from '../view.js';

/**
 * What of α is spent by now. A confirmed gain hands its share on and is not charged. Any other end is, one that was kept for its
 * simplicity too: there the test found no gain, and a null that it was made for would else be tested for nothing, again and again.
 */
export function alphaOf(experiment: Pick<Config['experiment'], 'alpha'>, campaign: Campaign): AlphaState {
  const charged = campaign.confirmations.filter(
    ({ run }) => campaign.runs.get(run)?.verdict?.status !== 'confirmed',
  );
  return allotAlpha(experiment.alpha, charged.length);
}

/** What is known of the noise, and what the campaign may still risk. */
export function certaintyOf(experiment: Config['experiment'], campaign: WholeCampaign): Certainty {
  const noise = poolNoise(replicatedValues(campaign));
  const { total, left } = alphaOf(experiment, campaign);
  return {
    mode: experiment.verdict,
    sigma: noise.kind === 'none' ? null : noise.sigma,
    replicates: noise.replicates,
    alpha: total,
    alpha_left: left,
    confirmations: campaign.confirmations.length,
  };
}
