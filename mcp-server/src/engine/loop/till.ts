import { allTokens, callRefusal } from '../../core/bill.js';
import { errorText, LabError } from '../../core/errors.js';
import type { Phase, Tokens, UsageRecord } from '../../core/ledger.js';
import { ProviderError, type Usage } from '../../core/provider.js';
import { clip, oneLine } from '../../core/text.js';
import { appendLedger } from '../../store/ledger.js';
import type { Moment } from './planner.js';
import type { Thinker } from './thinker.js';

/** A budget leaves no room for the next call: nothing was asked. */
export class Overspent extends LabError {
  constructor(why: string) {
    super(why, 'raise budget.usd or budget.tokens in config.yaml (or budgets: in the brief), then run again');
  }
}

interface Paid {
  usage: Usage;
  model: string;
  /** As the provider says, where it can be believed. */
  usd?: number | null;
}

export interface Asking {
  phase: Phase;
  cycle: number;
  /** The most that the call can take. */
  most: Usage;
  /** It is one request, not the sum of several. */
  request: boolean;
}

/**
 * Makes one call of a provider and keeps the bill: what it may cost at most is written, and held against the budgets,
 * before it is asked, and what it did cost afterwards, also where there was no answer. Throws Overspent, ProviderError.
 */
export async function spend<T extends Paid>(
  { lab, project, now, tell, signal }: Pick<Moment, 'lab' | 'project' | 'now' | 'tell' | 'signal'>,
  thinker: Thinker,
  { phase, cycle, most, request }: Asking,
  call: () => Promise<T>,
): Promise<T> {
  const { bill } = now();
  const at = (): string => new Date(lab.clock()).toISOString();
  const reckoned = { tokens: allTokens(tokensOf(most)), usd: thinker.price(thinker.model, most, request) };
  const refusal = callRefusal(project.config.budget, bill, reckoned);
  if (refusal !== null) throw new Overspent(refusal);
  const { ledger } = project.paths;
  const { model, provider } = thinker;
  const id = `call-${bill.begun + 1}`;
  appendLedger(ledger, {
    kind: 'call',
    at: at(),
    id,
    cycle,
    phase,
    provider: provider.name,
    model,
    most: reckoned,
  });
  const pay = (paid: Pick<UsageRecord, 'model' | 'tokens' | 'usd' | 'fault'>): void => {
    appendLedger(ledger, { kind: 'usage', at: at(), call: id, ...paid });
    const tokens = paid.tokens === null ? null : allTokens(paid.tokens);
    tell({ event: 'call', phase, cycle, tokens, usd: paid.usd, fault: paid.fault });
  };
  // A server may answer under another name than it was asked by; a CLI may have chosen another model.
  const cost = (usage: Usage, name: string): number | null =>
    thinker.price(name, usage, request) ?? (request ? thinker.price(model, usage, request) : null);
  let reply: T;
  try {
    reply = await call();
  } catch (error) {
    const known = error instanceof ProviderError ? error : null;
    const usage = known?.usage ?? null;
    // One that was refused at the door costs nothing; of one that broke off half-way nobody knows.
    const free = known !== null && known.fault !== 'down' && known.fault !== 'bad_answer';
    const tokens = usage !== null ? tokensOf(usage) : free ? tokensOf(NOTHING) : null;
    const usd = usage !== null ? cost(usage, model) : free ? 0 : null;
    const fault = signal.aborted
      ? 'cancelled'
      : `${known?.fault ?? 'down'}: ${clip(oneLine(errorText(error)), 200)}`;
    pay({ model, tokens, usd, fault });
    if (known !== null || signal.aborted) throw error;
    // A provider that throws anything else gave no answer either; the loop goes on where it can.
    const text = clip(oneLine(errorText(error)), 200);
    throw new ProviderError('down', `${provider.name}: ${text}`, 'it is asked again later');
  }
  const usd = reply.usd ?? cost(reply.usage, reply.model);
  pay({ model: reply.model, tokens: tokensOf(reply.usage), usd, fault: null });
  return reply;
}

const NOTHING: Usage = { input: 0, cached: 0, cacheWrite: 0, output: 0, reasoning: 0 };

const whole = (count: number): number => (Number.isFinite(count) ? Math.max(0, Math.round(count)) : 0);

const tokensOf = ({ input, cached, cacheWrite, output, reasoning }: Usage): Tokens => ({
  input: whole(input),
  cached: whole(cached),
  cache_write: whole(cacheWrite),
  output: whole(output),
  reasoning: whole(reasoning),
});
