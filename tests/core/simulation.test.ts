import { describe, expect, it } from 'vitest';
import { simulate } from '../../scripts/simulate/campaign.js';

describe('months of a loop with a model', () => {
  it.each([
    { seed: 7, parallel: 1 },
    { seed: 8, parallel: 2 },
  ])(
    'seed $seed, $parallel at once: nothing is lost, doubled or too large',
    { timeout: 240_000 },
    async ({ seed, parallel }) => {
      const found = await simulate({ cycles: 40, seed, killEvery: 60, parallel });
      expect(found.broken).toEqual([]);
      expect(found.cycles).toBeGreaterThanOrEqual(40);
      expect(found.world.kills).toBeGreaterThan(2);
      expect(found.mind.largest).toBeLessThanOrEqual(5000);
      expect(Object.keys(found.mind.faults).length).toBeGreaterThan(5);
      expect(found.bill.calls + found.bill.open).toBeLessThanOrEqual(found.mind.asked);
    },
  );
});
