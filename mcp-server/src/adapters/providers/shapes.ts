import { z } from 'zod';
import type { ProviderName, Usage } from '../../core/provider.js';
import { badAnswer } from './body.js';

/** Tokens: absent, null or nonsense counts as none. */
export const Tokens = z.number().int().min(0).catch(0).default(0);

/** An answer through a schema. Throws ProviderError (`bad_answer`) that says what is missing. */
export function shaped<S extends z.ZodType>(schema: S, data: unknown, provider: ProviderName): z.output<S> {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.') ?? '';
  throw badAnswer(
    provider,
    `an answer of another form: ${where === '' ? 'it' : where}: ${issue?.message ?? ''}`,
  );
}

/** Arguments of a call as the model wrote them; null where they are no JSON. */
export function argumentsIn(text: string): unknown {
  try {
    return text.trim() === '' ? {} : JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Usage of a provider whose input counts what it read from its cache and wrote into it. */
export function split(
  total: number,
  cached: number,
  cacheWrite: number,
  output: number,
  reasoning: number,
): Usage {
  return { input: Math.max(0, total - cached - cacheWrite), cached, cacheWrite, output, reasoning };
}
