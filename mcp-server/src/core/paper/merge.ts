import { areTwins, fingerprint, keysOf } from './identity.js';
import type { Announcement, Paper } from './paper.js';

/**
 * One record per paper: records meet by any id they share, else by title and authors (`areTwins`). The order of the first
 * occurrences stays.
 */
export function mergePapers(papers: readonly Paper[]): Paper[] {
  const groups: Paper[] = [];
  const byKey = new Map<string, number>();
  const byTitle = new Map<string, number[]>();
  const moved = new Map<number, number>();
  const home = (at: number): number => {
    const next = moved.get(at);
    return next === undefined ? at : home(next);
  };
  const enter = (at: number): void => {
    const paper = groups[at];
    if (paper === undefined) return;
    for (const key of keysOf(paper)) if (!key.startsWith('title:')) byKey.set(key, at);
    const title = fingerprint(paper.title);
    byTitle.set(title, [...new Set([...(byTitle.get(title) ?? []).map(home), at])]);
  };
  for (const paper of papers) {
    const same = new Set(keysOf(paper).flatMap((key) => (byKey.has(key) ? [home(byKey.get(key) ?? 0)] : [])));
    for (const other of byTitle.get(fingerprint(paper.title)) ?? []) {
      const at = home(other);
      const there = groups[at];
      if (there !== undefined && areTwins(there, paper)) same.add(at);
    }
    const [first, ...others] = [...same].sort((a, b) => a - b);
    if (first === undefined) {
      groups.push(paper);
      enter(groups.length - 1);
      continue;
    }
    // A record that carries the ids of two groups shows that they are one.
    let joined = merge(groups[first] ?? paper, paper);
    for (const other of others) {
      joined = merge(joined, groups[other] ?? joined);
      moved.set(other, first);
    }
    groups[first] = joined;
    enter(first);
  }
  return groups.filter((_, at) => !moved.has(at));
}

const KINDS = ['journal', 'conference', 'other', 'preprint'] as const;
const ANNOUNCED: readonly Announcement[] = ['new', 'cross', 'replace', 'replace-cross'];

/** The published form names the venue, the longer abstract is the whole one, the larger count is the newer one. */
export function merge(a: Paper, b: Paper): Paper {
  const published = KINDS.indexOf(b.kind) < KINDS.indexOf(a.kind) && b.venue !== null ? b : a;
  const other = published === a ? b : a;
  const announced = ANNOUNCED.find((kind) => a.announced === kind || b.announced === kind) ?? null;
  return {
    ids: { ...b.ids, ...a.ids },
    title: a.title || b.title,
    authors: b.authors.length > a.authors.length ? b.authors : a.authors,
    abstract: b.abstract.length > a.abstract.length ? b.abstract : a.abstract,
    year: published.year ?? other.year,
    date: least(a.date, b.date),
    venue: published.venue ?? other.venue,
    kind: published.kind,
    track: published.track ?? other.track,
    categories: [...new Set([...a.categories, ...b.categories])],
    citations: most(a.citations, b.citations),
    version: most(a.version, b.version),
    announced,
    comment: a.comment ?? b.comment,
    withdrawn: a.withdrawn || b.withdrawn,
    url: a.url ?? b.url,
    pdf: a.pdf ?? b.pdf,
    pages: published.pages ?? other.pages,
    volume: published.volume ?? other.volume,
    sources: [...new Set([...a.sources, ...b.sources])],
  };
}

const most = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);
const least = (a: string | null, b: string | null): string | null =>
  a === null || b === null ? (a ?? b) : a < b ? a : b;
