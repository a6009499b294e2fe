import type { CallRecord, Phase, Tokens, UsageRecord } from './ledger.js';

/** Calls of one kind added up. */
export interface Sum {
  calls: number;
  /** Calls that gave no answer. */
  failed: number;
  tokens: Tokens;
  usd: number;
  /** Calls whose price, or whose number of tokens, is unknown: what they cost is not in `usd`. */
  unpriced: number;
}

/** What the models have cost, as the ledger tells it. */
export interface Bill {
  total: Sum;
  phases: Map<Phase, Sum>;
  /** Begun and without an outcome: under way, or cut short by a kill. They count with the most that they can cost. */
  open: Map<string, CallRecord>;
  /** Calls that broke off: nobody knows what they took, so they too count with the most. */
  lost: { calls: number; tokens: number; usd: number };
  /** Calls ever begun; the next one is named after it. */
  begun: number;
  /** Cycles in which a model was asked. */
  cycles: number;
  lastCycle: number;
  firstAt: string | null;
}

export interface MoneyLimits {
  usd?: number | undefined;
  tokens?: number | undefined;
}

const emptySum = (): Sum => ({
  calls: 0,
  failed: 0,
  tokens: { input: 0, cached: 0, cache_write: 0, output: 0, reasoning: 0 },
  usd: 0,
  unpriced: 0,
});

export const emptyBill = (): Bill => ({
  total: emptySum(),
  phases: new Map(),
  open: new Map(),
  lost: { calls: 0, tokens: 0, usd: 0 },
  begun: 0,
  cycles: 0,
  lastCycle: Number.NaN,
  firstAt: null,
});

export function startCall(bill: Bill, call: CallRecord): void {
  if (bill.open.has(call.id)) return;
  bill.begun += 1;
  bill.open.set(call.id, call);
  bill.firstAt ??= call.at;
  if (call.cycle !== bill.lastCycle) bill.cycles += 1;
  bill.lastCycle = call.cycle;
}

/** Gives up on the outcome of a call: it counts with the most that it can have cost, as it did while it was open. */
export function loseCall(bill: Bill, { id, most }: CallRecord): void {
  if (!bill.open.delete(id)) return;
  bill.lost.calls += 1;
  bill.lost.tokens += most.tokens;
  bill.lost.usd += most.usd ?? 0;
}

/** Takes in what a call cost. A second word on the same call changes nothing. */
export function pay(bill: Bill, usage: UsageRecord): void {
  const call = bill.open.get(usage.call);
  if (call === undefined) return;
  bill.open.delete(usage.call);
  const phase = bill.phases.get(call.phase) ?? emptySum();
  bill.phases.set(call.phase, phase);
  const { tokens } = usage;
  if (tokens === null) {
    bill.lost.calls += 1;
    bill.lost.tokens += call.most.tokens;
    bill.lost.usd += call.most.usd ?? 0;
  }
  for (const sum of [bill.total, phase]) {
    sum.calls += 1;
    if (usage.fault !== null) sum.failed += 1;
    if (tokens === null) continue;
    if (usage.usd === null) sum.unpriced += 1;
    sum.usd += usage.usd ?? 0;
    sum.tokens.input += tokens.input;
    sum.tokens.cached += tokens.cached;
    sum.tokens.cache_write += tokens.cache_write;
    sum.tokens.output += tokens.output;
    sum.tokens.reasoning += tokens.reasoning;
  }
}

/** All tokens that went over the wire; reasoning is a part of the output. */
export const allTokens = ({ input, cached, cache_write, output }: Tokens): number =>
  input + cached + cache_write + output;

/** What is spent; of calls that were cut short, by a kill or on their way, the most that they may have cost. */
export function spent(bill: Bill): { usd: number; tokens: number } {
  let usd = bill.total.usd + bill.lost.usd;
  let tokens = allTokens(bill.total.tokens) + bill.lost.tokens;
  for (const { most } of bill.open.values()) {
    usd += most.usd ?? 0;
    tokens += most.tokens;
  }
  return { usd, tokens };
}

/** Words why a call that costs so much at most may not be made, or null. */
export function callRefusal(limits: MoneyLimits, bill: Bill, most: CallRecord['most']): string | null {
  const { usd, tokens } = spent(bill);
  if (limits.usd !== undefined) {
    if (most.usd === null || bill.total.unpriced > 0)
      return `the price of the model is unknown, so the budget of ${money(limits.usd)} cannot be kept`;
    if (usd + most.usd > limits.usd)
      return `the budget of ${money(limits.usd)} is used up: ${money(usd)} are spent, and the next call may cost ${money(most.usd)}`;
  }
  if (limits.tokens !== undefined && tokens + most.tokens > limits.tokens)
    return `the budget of ${limits.tokens} tokens is used up: ${tokens} are spent, and the next call may take ${most.tokens}`;
  return null;
}

/** `$0.0123`, `$1.23`: two digits that say something. */
export function money(usd: number): string {
  if (usd === 0) return '$0';
  return `$${usd >= 1 ? usd.toFixed(2) : Number(usd.toPrecision(2)).toString()}`;
}

/** `950`, `12k`, `1.3M`. */
export function tokenWords(count: number): string {
  if (count < 10_000) return String(count);
  return count < 1_000_000 ? `${Math.round(count / 1000)}k` : `${(count / 1_000_000).toFixed(1)}M`;
}
