import { type Arm, armOf, isRepeatable } from '../arms.js';
import type { Campaign } from '../campaign.js';
import type { Replicate } from '../ledger.js';
import type { Rules, Ruling } from './ruling.js';

/** So many replicates of an arm may fail before no more are tried. */
const FAILURES = 2;

/** Replicates that are wanted: to be launched now, or under way. `why`: the arm will not get them. */
export interface Asked {
  rulings: Ruling[];
  waiting: boolean;
  why: string | null;
}

const NOTHING: Asked = { rulings: [], waiting: false, why: null };

/** Asks for `more` values of an arm, on `seed` where it is given, else on fresh ones. */
export function ask(
  rules: Rules,
  arm: Arm,
  kind: Replicate['kind'],
  more: number,
  seed: number | null = null,
): Asked {
  if (more <= 0) return NOTHING;
  const waiting = arm.open.length > 0;
  if (arm.open.length >= more) return { ...NOTHING, waiting };
  const failed = arm.failed.at(-1);
  if (failed !== undefined && arm.failed.length >= FAILURES)
    return {
      ...NOTHING,
      waiting,
      why: `${arm.id} failed on other seeds (${failed.id}: ${failed.end?.ending})`,
    };
  const why = rules.refusal(arm.id);
  if (why !== null) return { ...NOTHING, waiting, why };
  const rulings = Array.from({ length: more - arm.open.length }, (_, index): Ruling => {
    const number = arm.launched + index + 1;
    return { do: 'replicate', replicate: { arm: arm.id, kind }, number, seed };
  });
  return { rulings, waiting: true, why: null };
}

/** What the baseline still needs for its noise to be known. Null = it cannot be learned any more. */
export function askBaseline(campaign: Campaign, rules: Rules): Asked | null {
  const { baseline } = campaign;
  const { verdict, seeds } = rules.experiment;
  if (baseline === null || verdict === 'cheap' || !isRepeatable(campaign.runs.get(baseline))) return NOTHING;
  const arm = armOf(campaign, baseline);
  const asked = ask(rules, arm, 'baseline', seeds - arm.values.length);
  if (asked.why === null || asked.waiting) return asked;
  return arm.values.length >= 2 ? NOTHING : null;
}
