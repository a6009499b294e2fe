import { type Arm, armOf, replicatedValues, valuesOf } from '../arms.js';
import type { Campaign } from '../campaign.js';
import type { Direction } from '../metric.js';
import { confirm } from '../verdict/confirm.js';
import { confirmWords } from '../verdict/confirm-words.js';
import type { ConfirmDecision } from '../verdict/look.js';
import { deviation, mean } from '../verdict/moments.js';
import { poolNoise } from '../verdict/noise.js';
import { confirmPaired, type Pair } from '../verdict/paired.js';
import { gainSign } from '../verdict/rule.js';
import { type ShrunkGain, shrinkGain } from '../verdict/shrink.js';
import { breakTie, simplicityWords } from '../verdict/simplicity.js';
import { tUpper } from '../verdict/student.js';
import type { Judgement } from '../verdict.js';
import { type Asked, ask } from './ask.js';
import { alphaOf } from './certainty.js';
import { failedGuard } from './guard-reading.js';
import { type Ended, type Rules, type Ruling, rejected, verdictOn } from './ruling.js';

/** One look at a candidate whose fresh seeds come in. Null = it waits for runs under way. */
export function confirming(campaign: Campaign, rules: Rules, run: Ended, alpha: number): Ruling[] | null {
  const { direction } = run.end;
  // The best of this moment: the one that it was promoted against may have been withdrawn meanwhile.
  if (direction === null || campaign.champion === null) return null;
  const [arm, rival] = [armOf(campaign, run.id), armOf(campaign, campaign.champion)];
  if (arm.failed.some(({ end }) => end?.ending === 'diverged'))
    return [verdictOn(run, { ...rejected(run, 'rejected: it diverged on a fresh seed'), alpha })];
  const pairs = rules.experiment.verdict === 'paired' ? pairsOf(arm, rival) : null;
  const look =
    pairs === null
      ? seedsLook(campaign, rules, direction, arm, rival, alpha)
      : pairsLook(campaign, rules, direction, arm.id, pairs, alpha);
  if (look.decision !== 'continue') return [verdictOn(run, decided(campaign, rules, run, arm, look))];
  const asked = pairs === null ? askSeeds(rules, arm, rival, look) : askPair(rules, arm, rival, look);
  const refused = asked.find(({ why, waiting }) => why !== null && !waiting);
  if (refused !== undefined && !asked.some(({ waiting, rulings }) => waiting && rulings.length === 0)) {
    const reason = `promising on one seed, but it cannot be confirmed: ${refused.why}`;
    const judgement: Judgement = {
      status: 'unconfirmed',
      kept: false,
      value: run.end.value,
      gain: look.gain,
      reason,
    };
    return [verdictOn(run, { ...judgement, seeds: arm.values.length, alpha })];
  }
  const rulings = asked.flatMap((one) => one.rulings);
  return rulings.length > 0 ? rulings : null;
}

function seedsLook(
  campaign: Campaign,
  rules: Rules,
  direction: Direction,
  arm: Arm,
  rival: Arm,
  alpha: number,
): ConfirmDecision {
  const others = replicatedValues(campaign, [arm.id, rival.id]);
  const { seeds } = rules.experiment;
  return confirm({ direction, candidate: valuesOf(arm), champion: valuesOf(rival), others, alpha, seeds });
}

function pairsLook(
  campaign: Campaign,
  rules: Rules,
  direction: Direction,
  id: string,
  pairs: Pair[],
  alpha: number,
): ConfirmDecision {
  const others = campaign.confirmations
    .filter(({ run }) => run !== id)
    .map(({ run, champion }) => pairsOf(armOf(campaign, run), armOf(campaign, champion)));
  return confirmPaired({ direction, pairs, others, alpha, seeds: rules.experiment.seeds });
}

/** Values of two arms on the seeds that both have run for this comparison. */
function pairsOf(arm: Arm, rival: Arm): Pair[] {
  const bySeed = new Map(rival.values.map(({ seed, value }) => [seed, value]));
  return arm.values.flatMap(({ seed, value, kind }) => {
    const champion = bySeed.get(seed);
    return kind !== 'confirm' || seed === null || champion === undefined
      ? []
      : [{ candidate: value, champion }];
  });
}

function askSeeds(rules: Rules, arm: Arm, rival: Arm, { wants }: ConfirmDecision): Asked[] {
  return [ask(rules, rival, 'champion', wants.champion), ask(rules, arm, 'confirm', wants.candidate)];
}

/** A fresh seed for the best so far, and the same one for the candidate. */
function askPair(rules: Rules, arm: Arm, rival: Arm, { wants }: ConfirmDecision): Asked[] {
  if (wants.candidate <= 0) return [];
  const tried = new Set([
    ...arm.values.map(({ seed }) => seed),
    ...[...arm.open, ...arm.failed].map(({ launch }) => launch?.seed),
  ]);
  const next = rival.values.find(
    ({ seed, kind }) => kind === 'champion' && seed !== null && !tried.has(seed),
  );
  if (next !== undefined) return [ask(rules, arm, 'confirm', 1, next.seed)];
  return arm.open.length > 0 ? [ask(rules, arm, 'confirm', 1)] : [ask(rules, rival, 'champion', 1)];
}

function decided(campaign: Campaign, rules: Rules, run: Ended, arm: Arm, look: ConfirmDecision): Judgement {
  const value = arm.values.length === 0 ? run.end.value : mean(valuesOf(arm));
  const known = { value, seeds: arm.values.length, alpha: look.alpha };
  const after = alphaOf(rules.experiment, campaign);
  if (look.decision === 'confirmed') {
    const runs = [run, ...arm.values.flatMap((one) => campaign.runs.get(one.run) ?? [])];
    const failed = failedGuard(campaign, rules.experiment.guards, runs);
    if (failed !== null) return { ...rejected(run, `rejected: better, but ${failed}`, look.gain), ...known };
    const shrunk = shrunkGain(look);
    // A keep hands its share of α on: what is left is as before it.
    const spent = {
      ...after,
      spent: Math.max(0, after.spent - look.alpha),
      left: Math.min(after.total, after.left + look.alpha),
    };
    const { gain, interval } = overBaseline(campaign, run, arm, look, shrunk);
    return {
      status: 'confirmed',
      kept: true,
      gain,
      interval,
      reason: confirmWords(look, spent, shrunk),
      ...known,
    };
  }
  const reason = confirmWords(look, after);
  const judgement: Judgement = {
    status: look.decision === 'rejected' ? 'rejected' : 'inconclusive',
    kept: false,
    gain: look.gain,
    reason,
    ...known,
  };
  const lines = { candidate: run.launch?.lines ?? null, champion: linesOf(campaign) };
  const tie = look.why === 'not-clear' ? breakTie(look, lines) : null;
  if (tie?.winner !== 'candidate' || failedGuard(campaign, rules.experiment.guards, [run]) !== null)
    return judgement;
  return { ...judgement, kept: true, gain: null, reason: simplicityWords(tie) };
}

const linesOf = ({ champion, baseline, runs }: Campaign): number | null =>
  champion === baseline ? 0 : ((champion === null ? undefined : runs.get(champion))?.launch?.lines ?? null);

function shrunkGain({ gain, error, dof, bound, last }: ConfirmDecision): ShrunkGain | null {
  return gain === null || error === null || dof === null || bound === null
    ? null
    : shrinkGain({ gain, error, dof, bound, last });
}

/**
 * The gain over the baseline and its 95 % interval. Against the baseline itself it is the shrunk one of the test; against a later
 * best it is measured anew on the same fresh seeds, and shrunk by as much as the test's own gain was.
 */
function overBaseline(
  campaign: Campaign,
  run: Ended,
  arm: Arm,
  look: ConfirmDecision,
  shrunk: ShrunkGain | null,
): Pick<Judgement, 'gain' | 'interval'> {
  const { baseline, champion } = campaign;
  if (shrunk === null || run.end.direction === null || baseline === null) return { gain: look.gain };
  if (champion === baseline) return { gain: shrunk.estimate, interval: [shrunk.low, shrunk.high] };
  const [mine, base] = [valuesOf(arm), valuesOf(armOf(campaign, baseline))];
  const noise = poolNoise([mine, base, ...replicatedValues(campaign, [arm.id, baseline])]);
  const gain = gainSign(run.end.direction) * (mean(mine) - mean(base)) - (shrunk.raw - shrunk.estimate);
  if (noise.kind === 'none' || base.length === 0) return { gain };
  const spread = Math.max(noise.sigma, deviation(mine));
  const half =
    tUpper(0.025, noise.dof) * Math.sqrt(spread ** 2 / mine.length + noise.sigma ** 2 / base.length);
  return { gain, interval: [gain - half, gain + half] };
}
