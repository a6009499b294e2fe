import { armOf, isRepeatable, replicatedValues, usableValue, valuesOf } from '../arms.js';
import type { Campaign, CampaignRun, WholeCampaign } from '../campaign.js';
import { poolNoise } from '../verdict/noise.js';
import { screen, screenWords } from '../verdict/screen.js';
import { judgeOnce, unjudgeable } from '../verdict.js';
import { askBaseline } from './ask.js';
import { alphaOf } from './certainty.js';
import { retesting } from './champion.js';
import { confirming, pairNoise } from './confirming.js';
import { flagsOf } from './flags.js';
import { failedGuard } from './guard-reading.js';
import {
  type Ended,
  ofReplicate,
  type Rules,
  type Ruling,
  referenceOf,
  rejected,
  verdictOn,
} from './ruling.js';

/**
 * The keep rule over the whole campaign: what is to be written and launched now. Pure, and to be asked again after each of
 * its answers was carried out; an empty answer means that it waits for runs under way, or that all is decided. Undecided
 * runs are taken in the order of their ends, one confirmation at a time, so that each is measured against the best so far.
 */
export function rule(campaign: WholeCampaign, rules: Rules): Ruling[] {
  const undecided = campaign.ended.flatMap((id): Ended[] => {
    const run = campaign.runs.get(id);
    return run?.end == null || run.verdict !== null ? [] : [{ ...run, end: run.end }];
  });
  const replicate = undecided.find((run) => run.launch?.replicate !== undefined);
  if (replicate !== undefined) return [verdictOn(replicate, ofReplicate(replicate))];
  const again = retesting(campaign, rules);
  if (again?.[0]?.do === 'write') return again;
  const begun = undecided.find((run) => run.confirm !== null);
  // While one is confirmed, those behind it are judged only as far as that needs no comparison.
  for (const run of begun === undefined ? undecided : [begun, ...undecided.filter((one) => one !== begun)]) {
    const rulings = ruleOn(campaign, rules, run, begun !== undefined && run !== begun);
    if (rulings !== null) return rulings;
  }
  // The noise is measured while nothing else is known, not when the first candidate waits for it.
  const noise = askBaseline(campaign, rules)?.rulings ?? [];
  return noise.length > 0 ? noise : (again ?? []);
}

/** Null = this run waits, and those behind it may be looked at. */
function ruleOn(campaign: Campaign, rules: Rules, run: Ended, behind: boolean): Ruling[] | null {
  const flags = flagsOf(campaign, run);
  return (
    rulingOn(campaign, rules, run, behind)?.map((ruling) =>
      ruling.do === 'write' && ruling.record.kind === 'verdict' && flags.length > 0
        ? { ...ruling, record: { ...ruling.record, flags } }
        : ruling,
    ) ?? null
  );
}

function rulingOn(campaign: Campaign, rules: Rules, run: Ended, behind: boolean): Ruling[] | null {
  const base = referenceOf(campaign, campaign.baseline);
  if (run.early?.decision === 'kill' && run.end.ending === 'stopped')
    return [verdictOn(run, rejected(run, `rejected: ${run.end.evidence[0] ?? run.early.words}`))];
  const first = unjudgeable(run.end, base);
  if (first !== null) return [verdictOn(run, first)];
  const guard = failedGuard(campaign, rules.experiment.guards, [run]);
  if (guard !== null) return [verdictOn(run, rejected(run, `rejected: ${guard}`))];
  // Beside a best that is known on several seeds, one seed never becomes the best.
  const stays =
    campaign.baseline !== null && isRepeatable(campaign.runs.get(campaign.baseline)) && !isRepeatable(run);
  const once = (why: string): Ruling[] => {
    const judged = judgeOnce(run.end, base, referenceOf(campaign, campaign.champion), why);
    return [
      verdictOn(run, stays && rules.experiment.verdict !== 'cheap' ? { ...judged, kept: false } : judged),
    ];
  };
  const why = whyOnce(campaign, rules, run);
  if (why !== null) return once(why);
  const noise = askBaseline(campaign, rules);
  if (noise === null)
    return once('the noise could not be measured: the baseline’s other seeds gave no value');
  if (noise.rulings.length > 0) return noise.rulings;
  if (noise.waiting || behind) return null;
  if (run.confirm !== null) return confirming(campaign, rules, run, run.confirm.alpha);
  return screened(campaign, rules, run, once);
}

/** Why a gain of this run stays unconfirmed whatever it is, or null. */
function whyOnce(campaign: Campaign, rules: Rules, run: CampaignRun): string | null {
  const { verdict, seeds } = rules.experiment;
  if (verdict === 'cheap') return 'experiment.verdict is cheap';
  if (seeds < 2) return 'experiment.seeds is 1';
  const base = campaign.baseline === null ? undefined : campaign.runs.get(campaign.baseline);
  if (isRepeatable(run) && isRepeatable(base)) return null;
  if (run.launch?.seed !== undefined && base?.launch?.seed !== undefined)
    return 'its code was not kept, so it cannot be run again on fresh seeds';
  return 'name experiment.seed_env, or write {seed} into the command, and gains are confirmed on fresh seeds';
}

/** One seed: is it worth fresh ones? */
function screened(campaign: Campaign, rules: Rules, run: Ended, once: (why: string) => Ruling[]): Ruling[] {
  const { champion } = campaign;
  const { direction } = run.end;
  const value = usableValue(run);
  if (champion === null || value === null || direction === null)
    return once('there is nothing to compare it with');
  const noise = poolNoise(replicatedValues(campaign));
  if (noise.kind === 'none' && noise.why === 'identical')
    return once(
      'all seeds gave the same value: the seed does not reach the training, so the noise is unknown',
    );
  const rival = rules.experiment.verdict === 'paired' ? sameSeed(campaign, champion, run) : null;
  const found = screen(
    direction,
    value,
    rival === null ? valuesOf(armOf(campaign, champion)) : [rival],
    // On one seed it is the spread of differences that counts; until one is known, whatever is better is promoted.
    rival === null ? noise : pairNoise(campaign, run.id),
  );
  if (found.decision === 'reject') return [verdictOn(run, rejected(run, screenWords(found), found.gain))];
  const alpha = alphaOf(rules.experiment, campaign).next;
  const number = campaign.confirmations.length + 1;
  return [{ do: 'write', record: { kind: 'confirm', run: run.id, champion, number, alpha } }];
}

/** What the best so far gave on the seed of this run, its screening included: here it only helps to choose. */
function sameSeed(campaign: Campaign, champion: string, run: CampaignRun): number | null {
  const twin = [champion, ...(campaign.replicates.get(champion) ?? [])]
    .flatMap((id) => campaign.runs.get(id) ?? [])
    .find((one) => one.launch?.seed === run.launch?.seed);
  return twin === undefined ? null : usableValue(twin);
}
