import type { EndRecord, VerdictRecord } from './ledger.js';
import type { JsonNumber } from './metric.js';
import { fromJsonNumber, isBetter } from './metric.js';
import { formatGain, formatValue } from './units.js';

/** A run that others are measured against. */
export interface Reference {
  run: string;
  value: JsonNumber | null;
  metric: string | null;
}

export type Judgement = Omit<VerdictRecord, 'kind' | 'at' | 'run'>;

/**
 * The verdict of a run that is compared with nothing: it gave no usable value, or it is the baseline. Null for a run whose value
 * can be compared. A missing or non-finite value is unknown and never compared.
 */
export function unjudgeable(end: EndRecord, baseline: Reference | null): Judgement | null {
  const finite = end.value !== null && Number.isFinite(fromJsonNumber(end.value));
  const value = end.value;
  const none = { kept: false, value, gain: null };
  if (end.invalid !== undefined) return { ...none, status: 'invalid', reason: end.invalid };
  if (end.ending === 'failed' || end.ending === 'oom') {
    return {
      ...none,
      status: 'crash',
      reason: `${end.ending}: ${end.evidence[0] ?? 'no evidence was left'}`,
    };
  }
  if (end.ending === 'diverged') {
    return { ...none, status: 'rejected', reason: `diverged: ${end.evidence[0] ?? 'the training diverged'}` };
  }
  if (end.ending !== 'succeeded') {
    return {
      ...none,
      status: 'inconclusive',
      reason: `${end.ending} before its end, so its value is not comparable`,
    };
  }
  if (end.metric === null || end.direction === null) {
    return {
      ...none,
      status: 'inconclusive',
      reason:
        'no primary metric is declared: write metric and direction into the brief’s front matter or config.yaml',
    };
  }
  if (value === null || !finite) {
    const why = value === null ? 'was not seen in the log' : `is ${value}`;
    return {
      ...none,
      status: 'inconclusive',
      reason: `${end.metric} ${why}: unknown, so it is compared with nothing`,
    };
  }
  if (baseline === null) {
    return {
      status: null,
      kept: true,
      value,
      gain: null,
      reason: `baseline: ${end.metric} ${formatValue(value)}`,
    };
  }
  if (baseline.metric !== end.metric || baseline.value === null) {
    return {
      ...none,
      status: 'inconclusive',
      reason: `it is measured by ${end.metric}, the baseline ${baseline.run} by ${baseline.metric ?? 'nothing'}`,
    };
  }
  return null;
}

/**
 * The keep rule where there is one seed per run: a better value is kept as the best so far, and is said to be
 * *unconfirmed*, because one seed cannot tell a gain from noise. `why` says what it would take to confirm gains.
 * To be called for a run that `unjudgeable` lets through.
 */
export function judgeOnce(
  end: EndRecord,
  baseline: Reference | null,
  champion: Reference | null,
  why: string | null,
): Judgement {
  const value = end.value ?? null;
  const base = baseline?.value ?? null;
  if (value === null || base === null || baseline === null || end.direction === null)
    return {
      status: 'inconclusive',
      kept: false,
      value,
      gain: null,
      reason: 'there is nothing to compare it with',
    };
  const mine = fromJsonNumber(value);
  const sign = end.direction === 'maximize' ? 1 : -1;
  const gain = sign * (mine - fromJsonNumber(base));
  const rival = champion?.value === undefined || champion.value === null ? baseline : champion;
  const against = fromJsonNumber(rival.value ?? base);
  const numbers = `${end.metric} ${formatValue(mine)} against ${formatValue(against)} of ${rival.run}`;
  if (isBetter(mine, against, end.direction)) {
    const more = formatGain(sign * (mine - against));
    return {
      status: 'unconfirmed',
      kept: true,
      value,
      gain,
      reason: `unconfirmed gain of ${more} on one seed: ${numbers}; one seed cannot tell a gain from noise${why === null ? '' : ` (${why})`}`,
    };
  }
  return { status: 'rejected', kept: false, value, gain, reason: `not better: ${numbers}` };
}
