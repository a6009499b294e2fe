import { money, tokenWords } from '../../core/bill.js';
import { billWords, gpuHourWords } from '../../core/bill-view.js';
import type { BillView, Overview } from '../../core/view.js';

export const BILL_HEADER = [
  'phase',
  'calls',
  'input',
  'cached',
  'cache writes',
  'output',
  'reasoning',
  'price',
];

/** One row for each phase in which a model was asked, and the sum. */
export function billRows(bill: BillView): string[][] {
  const row = (name: string, { calls, failed, tokens, usd, unpriced }: BillView['total']): string[] => [
    name,
    failed === 0 ? String(calls) : `${calls} (${failed} failed)`,
    tokenWords(tokens.input),
    tokenWords(tokens.cached),
    tokenWords(tokens.cache_write),
    tokenWords(tokens.output),
    tokenWords(tokens.reasoning),
    unpriced === 0 ? money(usd) : usd === 0 ? 'unknown' : `${money(usd)} and ${unpriced} unknown`,
  ];
  return [...bill.phases.map((phase) => row(phase.phase, phase)), row('all', bill.total)];
}

/** The bill in sentences: what it came to, and what it is for each cycle, day and gain. */
export function billLines({ bill }: Pick<Overview, 'bill'>): string[] {
  if (bill === null) return [];
  return [billWords(bill), ...[gpuHourWords(bill)].filter((words) => words !== null)];
}
