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
 * The keep rule of a campaign with one seed per run: a better value is kept as the best so far, and is said to be
 * *unconfirmed*, because one seed cannot tell a gain from noise. A missing or non-finite value is unknown and is
 * never compared. Pure: the same facts give the same verdict.
 */
export function judge(end: EndRecord, baseline: Reference | null, champion: Reference | null): Judgement {
  const finite = end.value !== null && Number.isFinite(fromJsonNumber(end.value));
  const value = end.value;
  const none = { kept: false, value, gain: null };
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
  const mine = fromJsonNumber(value);
  const sign = end.direction === 'maximize' ? 1 : -1;
  const gain = sign * (mine - fromJsonNumber(baseline.value));
  const rival = champion?.value === undefined || champion.value === null ? baseline : champion;
  const against = fromJsonNumber(rival.value ?? baseline.value);
  const numbers = `${end.metric} ${formatValue(mine)} against ${formatValue(against)} of ${rival.run}`;
  if (isBetter(mine, against, end.direction)) {
    const more = formatGain(sign * (mine - against));
    return {
      status: 'unconfirmed',
      kept: true,
      value,
      gain,
      reason: `unconfirmed gain of ${more} on one seed: ${numbers}; one seed cannot tell a gain from noise`,
    };
  }
  return { status: 'rejected', kept: false, value, gain, reason: `not better: ${numbers}` };
}
