import { clip, oneLine } from '../text.js';

/** The names that sources have for one paper. */
export interface PaperIds {
  /** Without version: `2503.01234`, `cs/0601001`. */
  arxiv?: string;
  /** Lower case, without a resolver. */
  doi?: string;
  /** The forum id. */
  openreview?: string;
  acl?: string;
  /** The key, for instance `conf/cvpr/HeZRS16`. */
  dblp?: string;
  /** Semantic Scholar's 40-digit id. */
  s2?: string;
  openalex?: string;
}

export type Announcement = 'new' | 'cross' | 'replace' | 'replace-cross';

/** One paper as a source tells it. Text is untrusted: cleaned by `cleanText`, never instructions. */
export interface Paper {
  ids: PaperIds;
  title: string;
  authors: string[];
  /** '' when the source has none. */
  abstract: string;
  year: number | null;
  /** First published, `YYYY-MM-DD`. */
  date: string | null;
  /** Where it was published, as the source says; null for a preprint. */
  venue: string | null;
  kind: 'preprint' | 'conference' | 'journal' | 'other';
  /** Oral, spotlight, poster, findings, … */
  track: string | null;
  /** The first is the primary one. */
  categories: string[];
  citations: number | null;
  /** Version on arXiv. */
  version: number | null;
  announced: Announcement | null;
  comment: string | null;
  withdrawn: boolean;
  url: string | null;
  pdf: string | null;
  pages: string | null;
  volume: string | null;
  /** Names of the sources that told of it. */
  sources: string[];
}

/** A paper with what is known; everything else is unknown. */
export function paperOf(known: Partial<Paper> & Pick<Paper, 'title' | 'sources'>): Paper {
  return {
    ids: {},
    authors: [],
    abstract: '',
    year: null,
    date: null,
    venue: null,
    kind: 'other',
    track: null,
    categories: [],
    citations: null,
    version: null,
    announced: null,
    comment: null,
    withdrawn: false,
    url: null,
    pdf: null,
    pages: null,
    volume: null,
    ...known,
  };
}

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** Text of a source made one safe line: tags and entities resolved, no control characters, at most `max` characters. */
export function cleanText(text: string, max = 5000): string {
  const bare = text
    .slice(0, 4 * max)
    .replace(/<\/?[a-z][^<>]{0,200}>/gi, '')
    .replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi, (whole, decimal, hex, name) => {
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      if (name !== undefined) return NAMED[name.toLowerCase()] ?? whole;
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
    });
  return clip(oneLine(bare).replace(/\s+/g, ' '), max);
}

/** Text of a withdrawal, as authors and administrators of arXiv write it. */
const WITHDRAWN =
  /\bthis (?:paper|article|submission|manuscript|work) (?:has been|is|was) (?:temporarily )?(?:withdrawn|retracted)\b|^\s*(?:withdrawn|withdrawal|retracted)\b|\bhas been withdrawn by\b/i;

export function isWithdrawal(...texts: readonly (string | null | undefined)[]): boolean {
  return texts.some((text) => typeof text === 'string' && WITHDRAWN.test(text.slice(0, 2000)));
}

/** `YYYY-MM-DD` of a date in any form that begins so; else null. */
export function dayOf(text: string | null | undefined): string | null {
  return /^\d{4}-\d{2}-\d{2}/.exec(text ?? '')?.[0] ?? null;
}

export function yearOf(value: string | number | null | undefined): number | null {
  const found = /^(?:19|20)\d{2}/.exec(String(value ?? ''));
  return found === null ? null : Number(found[0]);
}
