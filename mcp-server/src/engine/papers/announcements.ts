import { addDays, batchesBetween, batchOn, submissionWindow } from '../../core/paper/calendar.js';
import type { Remembered } from '../../core/paper/digest-mark.js';
import { mergePapers } from '../../core/paper/merge.js';
import type { Paper } from '../../core/paper/paper.js';
import type { Feed, PaperSource, Reply } from '../../core/paper/source.js';
import { notesOf, outcomeOf } from './ask.js';

type DaysByCategory = Record<string, string[]>;

export interface Announced {
  papers: Paper[];
  /** Batches that were read, by category; those of `provisional` from search. */
  read: DaysByCategory;
  provisional: DaysByCategory;
  settled: DaysByCategory;
  /** Batches that are due and could not be read; they stay due. */
  missing: DaysByCategory;
  notes: string[];
  bytes: number;
}

/** A category of the feed is stale when this share of its new papers was looked at in an earlier batch. */
const STALE_SHARE = 0.5;
const FEW = 3;

/**
 * Everything that was announced since the last digest: the newest batch from the feed; what the feed does not show (batches
 * that were missed, a feed that is late, empty, down, or stale in some category) from search, by the days of submission.
 * What search gave is provisional, since it may lag, and is looked at once more by the next digest.
 */
export async function readAnnouncements(
  sources: readonly PaperSource[],
  categories: readonly string[],
  newest: string,
  memory: Remembered,
  signal: AbortSignal,
): Promise<Announced> {
  const result: Announced = {
    papers: [],
    read: {},
    provisional: {},
    settled: {},
    missing: {},
    notes: [],
    bytes: 0,
  };
  const due = dueBatches(categories, newest, memory);
  const wanted = categories.filter((category) => due[category]?.includes(newest));
  const fromFeed = wanted.length === 0 ? [] : await readFeed(sources, wanted, newest, memory, result, signal);
  for (const category of fromFeed) add(result.read, category, newest);
  for (const [day, names] of byDay(due, fromFeed, newest)) {
    if (await readSearch(sources, names, day, memory, result, signal))
      for (const name of names) {
        add(result.read, name, day);
        add(result.provisional, name, day);
      }
    else for (const name of names) add(result.missing, name, day);
  }
  const second: DaysByCategory = {};
  for (const category of categories)
    second[category] = memory.unsettled(category).filter((day) => day < newest);
  for (const [day, names] of byDay(second, [], newest)) {
    if (await readSearch(sources, names, day, memory, result, signal))
      for (const name of names) add(result.settled, name, day);
  }
  result.papers = mergePapers(result.papers);
  return result;
}

/** What was never read; the first digest begins with the newest batch. */
function dueBatches(categories: readonly string[], newest: string, memory: Remembered): DaysByCategory {
  const due: DaysByCategory = {};
  for (const category of categories)
    due[category] = batchesBetween(memory.lastRead(category) ?? addDays(newest, -1), newest);
  return due;
}

export function isAnythingDue(categories: readonly string[], newest: string, memory: Remembered): boolean {
  return Object.values(dueBatches(categories, newest, memory)).some((days) => days.length > 0);
}

/** The categories whose newest batch the feed shows. */
async function readFeed(
  sources: readonly PaperSource[],
  categories: readonly string[],
  newest: string,
  memory: Remembered,
  result: Announced,
  signal: AbortSignal,
): Promise<string[]> {
  const source = sources.find((one) => one.announced !== undefined);
  if (source?.announced === undefined) return [];
  const outcome = await outcomeOf(source.announced(categories, signal));
  if (!outcome.ok) {
    result.notes.push(`the feed: ${outcome.error.message}`);
    // A category that does not exist is the user’s to mend; asking elsewhere would hide it.
    if (outcome.error.trouble === 'not_found') throw outcome.error;
    return [];
  }
  const { value: feed, ...reply } = outcome.reply;
  result.bytes += reply.bytes;
  result.notes.push(...notesOf('the feed', { value: null, ...reply }));
  if (feed.papers.length === 0 || feed.day === null || feed.day < newest || reply.stale) {
    const shown = feed.papers.length === 0 ? 'is empty' : `shows the batch of ${feed.day}`;
    result.notes.push(`the feed ${shown}, and the batch of ${newest} is due: it is late`);
    return [];
  }
  const stale = categories.filter((category) => isStale(feed, category, memory));
  for (const category of stale)
    result.notes.push(
      `the feed of ${category} repeats an earlier batch: it is stale, search is asked instead`,
    );
  const good = categories.filter((category) => !stale.includes(category));
  result.papers.push(...feed.papers);
  const silent = good.filter((name) => !feed.papers.some((paper) => paper.categories.includes(name)));
  if (silent.length > 0) result.notes.push(`nothing was announced in ${silent.join(', ')}`);
  return good;
}

/** A paper is new once: new ones that were looked at before belong to an earlier batch. */
function isStale(feed: Feed, category: string, memory: Remembered): boolean {
  const fresh = feed.papers.filter(
    (paper) => paper.announced === 'new' && paper.categories[0] === category && paper.ids.arxiv !== undefined,
  );
  const seen = fresh.filter((paper) => memory.wasConsidered(paper.ids.arxiv ?? ''));
  return fresh.length >= FEW && seen.length >= STALE_SHARE * fresh.length;
}

/** Days with the categories that need them, oldest first, without what the feed gave. */
function byDay(due: DaysByCategory, fromFeed: readonly string[], newest: string): [string, string[]][] {
  const days = new Map<string, string[]>();
  for (const [category, wanted] of Object.entries(due))
    for (const day of wanted)
      if (!(day === newest && fromFeed.includes(category)))
        days.set(day, [...(days.get(day) ?? []), category]);
  return [...days].sort(([a], [b]) => a.localeCompare(b));
}

/** False when search cannot tell of the batch, which then stays due. */
async function readSearch(
  sources: readonly PaperSource[],
  categories: readonly string[],
  day: string,
  memory: Remembered,
  result: Announced,
  signal: AbortSignal,
): Promise<boolean> {
  const source = sources.find((one) => one.submitted !== undefined);
  if (source?.submitted === undefined || batchOn(day) !== 'batch') return false;
  const outcome = await outcomeOf(source.submitted(categories, submissionWindow(day), signal));
  if (!outcome.ok) {
    result.notes.push(`the batch of ${day}: ${outcome.error.message}`);
    return false;
  }
  const reply: Reply<Feed> = outcome.reply;
  result.bytes += reply.bytes;
  const { papers, total } = reply.value;
  if (papers.length === 0) {
    result.notes.push(`the batch of ${day}: search knows none of it yet`);
    return false;
  }
  if (total !== null && total > papers.length)
    result.notes.push(`the batch of ${day}: the first ${papers.length} of ${total} papers were read`);
  const fresh = papers.filter((paper) => !memory.wasConsidered(paper.ids.arxiv ?? ''));
  result.papers.push(...fresh);
  result.notes.push(`the batch of ${day}: ${fresh.length} papers by search`);
  return true;
}

function add(days: DaysByCategory, category: string, day: string): void {
  days[category] = [...(days[category] ?? []), day];
}
