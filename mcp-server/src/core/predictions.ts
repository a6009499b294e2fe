import { z } from 'zod';
import type { Campaign, CampaignRun } from './campaign.js';
import type { Prediction } from './verdict/calibration.js';

/** What a plan says in advance of its run. */
export const StatedPrediction = z.strictObject({
  direction: z.enum(['better', 'worse']).describe('against the best so far'),
  size: z.number().min(0).optional().describe('by how much, in the metric’s unit'),
  probability: z.number().min(0).max(1).describe('that the direction is right'),
});
export type StatedPrediction = z.output<typeof StatedPrediction>;

/** Predictions and what came of them. A gain that was never tested on fresh seeds came out neither way. */
export function predictionsOf(campaign: Campaign): Prediction[] {
  return [...campaign.runs.values()].flatMap((run): Prediction[] => {
    const { prediction, verdict } = run;
    if (prediction === null || verdict === null) return [];
    const { direction, size, probability } = prediction;
    const stated = size === undefined ? null : direction === 'better' ? size : -size;
    return [
      {
        probability: direction === 'better' ? probability : 1 - probability,
        better: outcomeOf(run),
        size: { stated, seen: verdict.gain },
      },
    ];
  });
}

function outcomeOf({ verdict, withdrawn }: CampaignRun): boolean | null {
  if (withdrawn !== null) return false;
  if (verdict?.status === 'confirmed') return true;
  return verdict?.status === 'rejected' || verdict?.status === 'inconclusive' ? false : null;
}
