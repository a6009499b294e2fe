import { formatValue } from '../units.js';

/** A prediction from a plan, and what came of it. */
export interface Prediction {
  /** Stated chance that the run beats the champion, 0…1. */
  probability: number;
  /** What was seen: true = better. Null = it never became known (crash, stopped), which is not scored. */
  better: boolean | null;
  /** Stated and seen size of the gain, in the metric's unit, better is positive; null when not stated or not known. */
  size: { stated: number | null; seen: number | null };
}

interface CalibrationBin {
  from: number;
  to: number;
  count: number;
  /** Mean stated probability and the share that came true. */
  stated: number;
  seen: number;
}

export interface Calibration {
  scored: number;
  unknown: number;
  /** Mean of (probability − outcome)²: 0 is perfect, 0.25 is what "50 %" always gets. Null without a scored prediction. */
  brier: number | null;
  /** What always stating the share that came true would have scored: the figure to beat. */
  reference: number | null;
  bins: CalibrationBin[];
  /** Of stated sizes: the median of seen/stated, where both are known and the stated one is not 0; null without one. */
  sizeRatio: number | null;
}

/** Edges of the bins. */
const EDGES = [0, 0.2, 0.4, 0.6, 0.8, 1] as const;

/**
 * Scores stated probabilities. Brier score: G. W. Brier, "Verification of forecasts expressed in terms of probability",
 * Mon. Weather Rev. 78 (1950) 1–3, in its one-sided form for two outcomes.
 */
export function scorePredictions(predictions: readonly Prediction[]): Calibration {
  const stated = predictions.filter(({ probability }) => probability >= 0 && probability <= 1);
  const scored = stated.flatMap(({ probability, better }) =>
    better === null ? [] : [{ probability, outcome: better ? 1 : 0 }],
  );
  const ratios = predictions.flatMap(({ size }) => {
    if (size.stated === null || size.seen === null || size.stated === 0) return [];
    const ratio = size.seen / size.stated;
    return Number.isFinite(ratio) ? [ratio] : [];
  });
  const rate = mean(scored.map(({ outcome }) => outcome));
  return {
    scored: scored.length,
    unknown: predictions.length - scored.length,
    brier: mean(scored.map(({ probability, outcome }) => (probability - outcome) ** 2)),
    reference: rate === null ? null : rate * (1 - rate),
    bins: EDGES.slice(0, -1).flatMap((from, index) => {
      const to = EDGES[index + 1] ?? 1;
      const inside = scored.filter(({ probability: p }) => p >= from && (p < to || (to === 1 && p === 1)));
      const [a, b] = [
        mean(inside.map(({ probability }) => probability)),
        mean(inside.map(({ outcome }) => outcome)),
      ];
      return a === null || b === null ? [] : [{ from, to, count: inside.length, stated: a, seen: b }];
    }),
    sizeRatio: median(ratios),
  };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value / values.length, 0);
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? null : low / 2 + high / 2;
}

/** One sentence. */
export function calibrationWords({ scored, brier, reference, bins }: Calibration): string {
  if (brier === null || reference === null) return 'no prediction has been scored yet';
  const worst = bins.reduce((a, b) =>
    Math.abs(b.stated - b.seen) * b.count > Math.abs(a.stated - a.seen) * a.count ? b : a,
  );
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return `${scored} predictions scored: Brier ${formatValue(Number(brier.toFixed(3)))} (always stating the mean: ${formatValue(Number(reference.toFixed(3)))}); of those stated at about ${percent(worst.stated)}, ${percent(worst.seen)} came true (${worst.count})`;
}
