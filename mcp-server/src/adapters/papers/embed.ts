import { z } from 'zod';
import { errorText } from '../../core/errors.js';
import { type Literature, SourceError } from '../../core/paper/source.js';

const Answer = z.object({ data: z.array(z.object({ index: z.number(), embedding: z.array(z.number()) })) });
const AT_ONCE = 64;
const TIMEOUT_MS = 60_000;

/** Vectors from an OpenAI-compatible `/v1/embeddings`. No source of papers: neither queue nor cache. */
export function embedder(key: string | undefined): Literature['embed'] {
  return async ({ url, model, texts }, signal) => {
    const vectors: number[][] = [];
    for (let at = 0; at < texts.length; at += AT_ONCE) {
      const input = texts.slice(at, at + AT_ONCE);
      const data = await post(url, { model, input }, key, signal);
      const answer = Answer.safeParse(data);
      if (!answer.success || answer.data.data.length !== input.length)
        throw trouble(`${url} did not answer with a vector for each text`);
      vectors.push(...answer.data.data.toSorted((a, b) => a.index - b.index).map((one) => one.embedding));
    }
    return vectors;
  };
}

async function post(
  url: string,
  body: unknown,
  key: string | undefined,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(key === undefined || key === '' ? {} : { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    if (!response.ok) throw trouble(`${url} answers ${response.status}`);
    return await response.json();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SourceError) throw error;
    throw trouble(`${url} does not answer: ${errorText(error)}`, error);
  }
}

const trouble = (message: string, cause?: unknown): SourceError =>
  new SourceError('unavailable', message, 'look at papers.embed_url and papers.embed_model', { cause });
