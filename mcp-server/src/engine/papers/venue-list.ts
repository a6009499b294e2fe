import type { Paper } from '../../core/paper/paper.js';
import type { PaperSource, Reply } from '../../core/paper/source.js';
import { type Edition, editionName, wasHeld } from '../../core/paper/venues.js';
import { notesOf, outcomeOf } from './ask.js';

export type VenueAnswer =
  | { status: 'listed'; papers: Paper[]; source: string; bytes: number; notes: string[] }
  | { status: 'not_held' | 'not_published' | 'unavailable'; message: string; notes: string[] };

/**
 * The papers of an edition from the first list that has them. Three answers that are none: the venue is not held that
 * year (nothing is asked), no list is published yet (every source works and has none), a source is down or refuses.
 */
export async function venueList(
  sources: readonly PaperSource[],
  edition: Edition,
  now: number,
  signal: AbortSignal,
): Promise<VenueAnswer> {
  const name = editionName(edition);
  const held = wasHeld(edition);
  if (!held.held)
    return {
      status: 'not_held',
      message: `there is no ${name}: ${edition.venue.name} is held ${held.near.length === 1 ? 'since' : 'in'} ${held.near.join(' and ')}`,
      notes: [],
    };
  if (edition.year > new Date(now).getUTCFullYear() + 1)
    return { status: 'not_published', message: `${name} lies in the future`, notes: [] };
  const notes: string[] = [];
  const troubles: string[] = [];
  for (const source of sources) {
    const call = source.list?.(edition, signal) ?? null;
    if (call === null) continue;
    const outcome = await outcomeOf(call);
    if (outcome.ok) return listed(source.name, outcome.reply, [...troubles, ...notes]);
    (outcome.error.trouble === 'not_published' ? notes : troubles).push(outcome.error.message);
  }
  return troubles.length > 0
    ? { status: 'unavailable', message: `no list of ${name} can be had now: ${troubles.join('; ')}`, notes }
    : {
        status: 'not_published',
        message: `no list of ${name} is published yet (usually by month ${edition.venue.month} of its year)`,
        notes,
      };
}

function listed(source: string, reply: Reply<Paper[]>, notes: string[]): VenueAnswer {
  return {
    status: 'listed',
    papers: reply.value,
    source,
    bytes: reply.bytes,
    notes: [...notes, ...notesOf(source, reply)],
  };
}
