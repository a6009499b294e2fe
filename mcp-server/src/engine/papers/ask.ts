import type { Paper } from '../../core/paper/paper.js';
import { type Reply, SourceError } from '../../core/paper/source.js';
import { clip } from '../../core/text.js';

/** What a source gave, or why it gave nothing. */
export type Outcome<T> = { ok: true; reply: Reply<T> } | { ok: false; error: SourceError };

/** A source’s answer with its failure as a value: others may stand in. Everything else is thrown on. */
export async function outcomeOf<T>(call: Promise<Reply<T>>): Promise<Outcome<T>> {
  try {
    return { ok: true, reply: await call };
  } catch (error) {
    if (error instanceof SourceError) return { ok: false, error };
    throw error;
  }
}

const MOST_NOTES = 3;

/** What a reply says about itself, in a few lines. */
export function notesOf(name: string, reply: Reply<unknown>): string[] {
  const shown = reply.notes.slice(0, MOST_NOTES).map((note) => `${name}: ${clip(note, 160)}`);
  if (reply.notes.length > MOST_NOTES)
    shown.push(`${name}: ${reply.notes.length - MOST_NOTES} more such notes`);
  if (reply.stale)
    shown.push(
      `${name} does not answer now; shown is its answer of ${new Date(reply.at).toISOString().slice(0, 16)}Z`,
    );
  return shown;
}

/** The text of a paper that ranking looks at. */
export const textOf = (paper: Paper): { title: string; abstract: string } => ({
  title: paper.title,
  abstract: paper.abstract,
});
