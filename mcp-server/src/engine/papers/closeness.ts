import type { Config } from '../../core/config.js';
import type { Paper } from '../../core/paper/paper.js';
import { type Literature, SourceError } from '../../core/paper/source.js';
import type { Interests } from './choose.js';

/**
 * How close each paper is to the interests by an embedding that the user has set up: 0 to 1, the closest 1. Null without
 * one, which is the default, and when it fails: ranking by words goes on alone.
 */
export async function closenessOf(
  embed: Literature['embed'],
  { embed_url, embed_model }: Pick<Config['papers'], 'embed_url' | 'embed_model'>,
  interests: Interests,
  papers: readonly Paper[],
  signal: AbortSignal,
): Promise<{ closeness: number[] | null; note: string | null }> {
  const wanted = interests.topics.length > 0 ? [...interests.topics] : [interests.brief];
  if (embed_url === undefined || papers.length === 0) return { closeness: null, note: null };
  try {
    const texts = papers.map((paper) => `${paper.title}\n${paper.abstract}`.slice(0, 4000));
    const vectors = await embed({ url: embed_url, model: embed_model, texts: [...wanted, ...texts] }, signal);
    const asked = vectors.slice(0, wanted.length);
    const cosines = vectors
      .slice(wanted.length)
      .map((vector) => Math.max(...asked.map((one) => cosine(one, vector))));
    const low = Math.min(...cosines);
    const span = Math.max(...cosines) - low || 1;
    return { closeness: cosines.map((one) => (one - low) / span), note: null };
  } catch (error) {
    if (error instanceof SourceError)
      return { closeness: null, note: `ranked by words alone: ${error.message}` };
    throw error;
  }
}

function cosine(a: readonly number[], b: readonly number[]): number {
  let [dot, left, right] = [0, 0, 0];
  for (const [i, x] of a.entries()) {
    const y = b[i] ?? 0;
    dot += x * y;
    left += x * x;
    right += y * y;
  }
  return left === 0 || right === 0 ? 0 : dot / Math.sqrt(left * right);
}
