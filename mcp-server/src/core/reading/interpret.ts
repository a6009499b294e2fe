import { readBox } from './boxes.js';
import { withoutLabel } from './cells.js';
import { readExplicit } from './explicit.js';
import { readIndexed } from './indexed.js';
import type { NumberToken } from './lex.js';
import { type ListsSeen, readLists } from './lists.js';
import { readNamedRow } from './named-rows.js';
import { hasStem } from './names.js';
import { readEntry, readObject } from './objects.js';
import { readPairs } from './pairs.js';
import { announcesEpoch, findStand } from './progress.js';
import { readCoco, readSentence } from './prose.js';
import { NOWHERE, type Seen } from './seen.js';
import { opensSettings, staysInSettings } from './settings.js';
import { type Header, readHeader, readLongRow, readRow } from './tables.js';
import { readTitle, readTitled } from './titles.js';

/** What earlier lines mean for the next ones. */
export interface Context {
  header: Header | null;
  /** What the last row of a table of tasks was of. */
  label: string;
  /** Section of a `| key | value |` box. */
  section: string;
  /** Inside the block that W&B prints after `Run summary:`. */
  summary: boolean;
  /** Inside a list of settings, one a line. */
  settings: boolean;
}

/** What a line is. `context` lines say something about the lines after them. */
export interface Reading {
  seen: Seen;
  kind: 'explicit' | 'row' | 'announcement' | 'plain';
  context: Partial<Context> | null;
  /** What it tells hangs on the numbers besides its values, so that a line with others of those is to be read anew. */
  once?: true;
}

const NOTHING: Seen = { metrics: [], stand: NOWHERE, split: null };
const plain = (seen: Seen): Reading => ({ seen, kind: 'plain', context: null });
const SUMMARY_LINE = /^wandb:\s/;
/** Punctuation that no header has. */
const SENTENCE = /[a-z\])][.:!?;] +[A-Za-z]|[.!?;"']\s*$|\w=\S|:\/\//i;
const PLACE = /epoch|iter|step|class|round|tick|train|val|test|metric/i;

/**
 * Reads one clean line. The shapes are tried from the surest to the loosest, and the first that fits has the line:
 * explicit, COCO's summary, object, box, row of a table, sentence, pairs; a line of names alone may head a table.
 */
export function interpret(text: string, tokens: readonly NumberToken[], context: Context): Reading {
  const explicit = readExplicit(text);
  if (explicit !== null) return { seen: explicit, kind: 'explicit', context: null };
  if (context.settings) {
    if (staysInSettings(text)) return plain(NOTHING);
    const reading = interpret(text, tokens, { ...context, settings: false });
    return { ...reading, context: { settings: false, ...reading.context } };
  }
  if (opensSettings(text)) return { seen: NOTHING, kind: 'plain', context: { settings: true } };
  if (SUMMARY_LINE.test(text)) return readTracker(text, tokens, context);
  if (tokens.length === 0) return readWords(text, context);
  const title = context.header?.find(({ cut }) => cut === 'title')?.columns[0];
  const titled = title === undefined ? null : readTitled(text, title);
  if (titled !== null) return { seen: titled, kind: 'plain', context: { header: null } };
  const coco = readCoco(text);
  // Its name hangs on its numbers.
  if (coco !== null) return { ...plain(coco), once: true };
  const object = text.includes('{') || text.includes('Dict(') ? readObject(text) : null;
  if (object !== null && object.metrics.length > 0) return plain(withPairs(text, object, tokens));
  const entry = readEntry(text);
  if (entry !== null) return plain(entry);
  const box = readBox(text, context.section);
  if (box !== null)
    return 'section' in box ? { seen: NOTHING, kind: 'plain', context: box } : plain(box.seen);
  const long = context.header === null ? null : readLongRow(text, context.header, context.label);
  if (long !== null) return { seen: long.seen, kind: 'row', context: { label: long.label } };
  const row = context.header === null ? null : readRow(text, context.header);
  if (row !== null) return { seen: row, kind: 'row', context: null };
  const names = context.header?.find(({ cut }) => cut === 'named');
  const named = names === undefined ? null : readNamedRow(text, names.columns);
  if (named !== null) return { seen: named, kind: 'row', context: null };
  if (announcesEpoch(text))
    return { seen: { ...NOTHING, stand: findStand(text) }, kind: 'announcement', context: null };
  const sentence = readSentence(text);
  if (sentence !== null) return plain(sentence);
  const lists = readLists(text) ?? readIndexed(text);
  if (lists !== null) return plain(withPairs(text, lists, tokens));
  const around =
    object === null
      ? tokens
      : tokens.filter((token) => token.start < object.from || token.start >= object.to);
  const pairs = readPairs(text, around);
  if (pairs.metrics.length > 0) return plain(pairs);
  const words = readWords(text, context);
  return words.context === null ? plain({ ...pairs, stand: object?.stand ?? pairs.stand }) : words;
}

/** The pairs that stand beside lists. */
function withPairs(text: string, lists: ListsSeen, tokens: readonly NumberToken[]): Seen {
  const others = tokens.filter((token) => token.end <= lists.from || token.start >= lists.to);
  const { metrics } = readPairs(text, others);
  const { from: _, to: __, ...seen } = lists;
  return { ...seen, metrics: [...lists.metrics, ...metrics] };
}

/** A line of names: the section of a box, the header of a table, the title of the next line, or nothing. */
function readWords(text: string, { header: above }: Context): Reading {
  const box = readBox(text, '');
  if (box !== null && 'section' in box) return { seen: NOTHING, kind: 'plain', context: box };
  if (SENTENCE.test(withoutLabel(text)) || (!PLACE.test(text) && !hasStem(text))) return plain(NOTHING);
  const header = readHeader(text);
  // A table goes on below a title that stands in it.
  const title = above === null && header === null ? readTitle(text) : null;
  if (title !== null)
    return { seen: NOTHING, kind: 'plain', context: { header: [{ cut: 'title', columns: [title] }] } };
  if (header === null) return plain(NOTHING);
  return {
    seen: NOTHING,
    kind: 'plain',
    context: { header: header.length === 0 ? null : header, label: '' },
  };
}

/** W&B's closing block: `wandb: name value` lines between `Run summary:` and the next empty one. */
function readTracker(text: string, tokens: readonly NumberToken[], context: Context): Reading {
  const rest = text.replace(SUMMARY_LINE, '');
  if (/^\s*Run summary:\s*$/.test(rest)) return { seen: NOTHING, kind: 'plain', context: { summary: true } };
  if (rest.trim() === '' || /^\s*Run history:\s*$/.test(rest))
    return { seen: NOTHING, kind: 'plain', context: { summary: false } };
  if (!context.summary) return plain(NOTHING);
  const shift = text.length - rest.length;
  const own = tokens.map((token) => ({ ...token, start: token.start - shift, end: token.end - shift }));
  const { metrics } = readPairs(
    rest.trimEnd(),
    own.filter((token) => token.start >= 0),
    true,
  );
  return plain({ ...NOTHING, metrics });
}
