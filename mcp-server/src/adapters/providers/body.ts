import { ProviderError, type ProviderName } from '../../core/provider.js';
import { clip, oneLine } from '../../core/text.js';
import type { Refusal } from './refusals.js';
import type { Answer } from './wire.js';

type Fields = Record<string, unknown>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Text of an answer. What is no UTF-8 appears as U+FFFD. */
const textOf = (answer: Answer): string => new TextDecoder().decode(answer.body);

/** The refusal that an answer is, or null: by its status, or by an error in the body of a success. */
export function refusalIn(answer: Answer): Refusal | null {
  const { status, headers } = answer;
  const success = status >= 200 && status < 300;
  const text = textOf(answer);
  const data = parse(text);
  if (success && !(isFields(data) && (isFields(data.error) || data.type === 'error'))) return null;
  const { words, code } = errorIn(data, text, headers.location);
  return { status: success ? null : status, words, code, headers };
}

/** The forms in which servers tell of an error: `{error: {message, type, code}}`, `{error: "…"}`, `{message}`, `{detail}`. */
function errorIn(data: unknown, text: string, location: string | undefined): { words: string; code: string } {
  const outer = isFields(data) ? data : {};
  const inner = isFields(outer.error) ? outer.error : {};
  const code = [inner.type, inner.code].filter((part) => typeof part === 'string').join(' ');
  const words = [inner.message, outer.error, outer.message, outer.detail].find(
    (part) => typeof part === 'string',
  );
  if (typeof words === 'string') return { words, code };
  if (location !== undefined) return { words: `redirects to ${location}`, code };
  return { words: withoutMarkup(text.slice(0, 2000)), code };
}

/** What stands between the tags of an error page. */
const withoutMarkup = (text: string): string =>
  text
    .replace(/<(script|style)\b[^>]*>[^<]{0,2000}(?:<\/\1>)?/gi, ' ')
    .replace(/<[^>]{0,500}>/g, ' ')
    .trim();

/** Parses the JSON of a success. Throws ProviderError (`bad_answer`) with the beginning of what came instead. */
export function jsonIn(answer: Answer, provider: ProviderName, redact: (text: string) => string): unknown {
  const text = textOf(answer);
  const data = parse(text);
  if (data !== undefined) return data;
  const shown = clip(oneLine(redact(withoutMarkup(text.slice(0, 600)))), 160);
  const what =
    text.trim() === ''
      ? 'an empty answer'
      : /^\s*</.test(text)
        ? `a web page and no answer: ${shown}`
        : `no JSON, or only a part of it: ${shown}`;
  throw badAnswer(provider, what);
}

export function badAnswer(provider: ProviderName, what: string): ProviderError {
  return new ProviderError(
    'bad_answer',
    `${provider}: ${what}`,
    'a proxy or a login page in between is the usual cause; check agent.base_url if it stays so',
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
