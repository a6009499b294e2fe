import { z } from 'zod';
import { areTwins, fingerprint, keysOf } from './identity.js';
import { type Paper, paperOf } from './paper.js';

/** `2026-11-24`, `2026-11-24-2`. */
export const DIGEST_NAME = /^\d{4}-\d{2}-\d{2}(?:-\d{1,3})?$/;
const Day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
const DaysByCategory = z.record(z.string(), z.array(Day));

/** A paper that was recommended, as much of it as tells it again: over versions, days, and a published twin. */
const Recommended = z.object({
  keys: z.array(z.string()),
  title: z.string(),
  authors: z.array(z.string()),
  year: z.number().nullable(),
});

/** What one digest has done. The marks of all digests are all that the next one needs to know. */
export const DigestMark = z.object({
  /** Of the file: the newest batch, and a number where that day has a file already. */
  name: z.string().regex(DIGEST_NAME),
  at: z.number(),
  /** Batches that were read, by category. */
  read: DaysByCategory,
  /** Those of them that were read from search, which may lag: they are looked at once more. */
  provisional: DaysByCategory,
  /** Provisional batches of earlier digests that were looked at once more. */
  settled: DaysByCategory,
  /** arXiv ids that were looked at. */
  considered: z.array(z.string()),
  recommended: z.array(Recommended),
});
export type DigestMark = z.output<typeof DigestMark>;

/** Whether a paper was recommended before, and which were looked at. */
export interface Remembered {
  wasRecommended(paper: Paper): boolean;
  wasConsidered(id: string): boolean;
  /** The newest batch that was read of a category; null when none was. */
  lastRead(category: string): string | null;
  /** Batches of a category that wait for a second look. */
  unsettled(category: string): string[];
}

export function remember(marks: readonly DigestMark[]): Remembered {
  const keys = new Set<string>();
  const titles = new Map<string, Paper[]>();
  const considered = new Set<string>();
  for (const mark of marks) {
    for (const id of mark.considered) considered.add(id);
    for (const one of mark.recommended) {
      for (const key of one.keys) keys.add(key);
      const paper = paperOf({ title: one.title, authors: one.authors, year: one.year, sources: [] });
      const name = fingerprint(paper.title);
      titles.set(name, [...(titles.get(name) ?? []), paper]);
    }
  }
  const days = (pick: (mark: DigestMark) => Record<string, string[]>, category: string): string[] =>
    marks.flatMap((mark) => pick(mark)[category] ?? []);
  return {
    wasRecommended: (paper) =>
      keysOf(paper).some((key) => keys.has(key)) ||
      (titles.get(fingerprint(paper.title)) ?? []).some((other) => areTwins(paper, other)),
    wasConsidered: (id) => considered.has(id),
    lastRead: (category) =>
      days((mark) => mark.read, category)
        .sort()
        .at(-1) ?? null,
    unsettled(category) {
      const done = days((mark) => mark.settled, category);
      return [...new Set(days((mark) => mark.provisional, category))].filter((day) => !done.includes(day));
    },
  };
}

/** A paper as a mark keeps it. */
export function recommendedOf(paper: Paper): z.output<typeof Recommended> {
  return { keys: keysOf(paper), title: paper.title, authors: paper.authors.slice(0, 5), year: paper.year };
}
