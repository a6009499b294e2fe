import { armOf, replicatedValues, valuesOf } from '../arms.js';
import type { Campaign } from '../campaign.js';
import { retest, retestWords } from '../verdict/retest.js';
import { ask } from './ask.js';
import type { Rules, Ruling } from './ruling.js';

/** After so many judged candidates a confirmed best is tested against the baseline once more. */
const EVERY = 10;

/**
 * The best so far, tested again on seeds that had no part in its confirmation: those that later confirmations gave it, or, after
 * a while, seeds of its own. One that fails is withdrawn, and the one before it is the best again. Null = nothing to do.
 */
export function retesting(campaign: Campaign, rules: Rules): Ruling[] | null {
  const { champion, baseline } = campaign;
  if (champion === null || baseline === null || champion === baseline) return null;
  const run = campaign.runs.get(champion);
  const direction = run?.end?.direction;
  if (run === undefined || direction == null || run.verdict?.status !== 'confirmed') return null;
  const arm = armOf(campaign, champion);
  const again = valuesOf(arm, 'champion');
  const { seeds } = rules.experiment;
  const others = [valuesOf(arm, 'confirm'), ...replicatedValues(campaign, [champion, baseline])].filter(
    ({ length }) => length >= 2,
  );
  const base = valuesOf(armOf(campaign, baseline));
  const found = retest({ direction, champion: again, baseline: base, others, seeds });
  if (found.decision === 'withdrawn') {
    const to = before(campaign, champion) ?? baseline;
    return [{ do: 'write', record: { kind: 'withdraw', run: champion, to, reason: retestWords(found) } }];
  }
  if (found.decision === 'stands' || !isDue(campaign, champion)) return null;
  const asked = ask(rules, arm, 'champion', 1);
  return asked.rulings.length > 0 ? asked.rulings : null;
}

/** The best before this one, that was not withdrawn itself. */
function before(campaign: Campaign, id: string): string | null {
  const beaten = campaign.runs.get(id)?.confirm?.champion ?? null;
  if (beaten === null) return null;
  return campaign.runs.get(beaten)?.withdrawn == null ? beaten : before(campaign, beaten);
}

function isDue(campaign: Campaign, champion: string): boolean {
  const own = campaign.ended.filter((id) => campaign.runs.get(id)?.launch?.replicate === undefined);
  return own.length - 1 - own.indexOf(champion) >= EVERY;
}
