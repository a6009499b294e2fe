import type { Remembered } from '../../core/paper/digest-mark.js';
import { familyName } from '../../core/paper/identity.js';
import type { Paper } from '../../core/paper/paper.js';
import { indexPapers, type PaperText } from '../../core/paper/rank.js';
import { textOf } from './ask.js';

export interface Interests {
  /** A phrase each. */
  topics: readonly string[];
  /** The project’s brief; '' when there is none. */
  brief: string;
  liked: readonly PaperText[];
  pins: readonly string[];
  mutes: readonly string[];
  replacements: boolean;
}

export interface Pick {
  paper: Paper;
  relevance: number;
  /** Words that it shares with the interests; `pinned: …` for pins. */
  why: string[];
}

export interface Choice {
  picks: Pick[];
  /** Why papers were left out, and how many. */
  skipped: Record<string, number>;
  considered: number;
}

/** From this many liked papers on, their centre says something. */
const ENOUGH_LIKED = 3;
/** Share of the weight that the brief and the liked papers have beside the topics. */
const BESIDE = 0.5;
/** Papers below this share of the best one’s score are not recommended. */
const FLOOR = 0.25;

/**
 * The papers of a pool that matter, best first. Rules come before ranking: what was recommended, is withdrawn, muted or
 * only replaced is out, what is pinned is in. `closeness` joins the ranking where an embedding is set up.
 */
export function choosePapers(
  pool: readonly Paper[],
  interests: Interests,
  memory: Remembered,
  most: number,
  closeness: readonly number[] | null = null,
): Choice {
  const skipped: Record<string, number> = {};
  const kept: number[] = [];
  for (const [i, paper] of pool.entries()) {
    const why = reasonAgainst(paper, interests, memory);
    if (why === null) kept.push(i);
    else skipped[why] = (skipped[why] ?? 0) + 1;
  }
  const papers = kept.flatMap((i) => pool[i] ?? []);
  const index = indexPapers(papers.map(textOf));
  const asked = queriesOf(interests);
  const sums = papers.map(() => 0);
  for (const { queries, weight } of asked) {
    const best = papers.map(() => 0);
    for (const query of queries)
      for (const [i, score] of index.score(query).entries()) best[i] = Math.max(best[i] ?? 0, score);
    const top = Math.max(...best, 0.000001);
    for (const [i, score] of best.entries()) sums[i] = (sums[i] ?? 0) + (weight * score) / top;
  }
  if (closeness !== null)
    for (const [at, i] of kept.entries()) sums[at] = (sums[at] ?? 0) + Math.max(0, closeness[i] ?? 0);
  const top = Math.max(...sums, 0);
  const words: PaperText = { title: interests.topics.join(' '), abstract: interests.brief };
  const picks = papers
    .map((paper, i) => ({ paper, i, score: sums[i] ?? 0, pin: pinOf(paper, interests.pins) }))
    .filter(({ score, pin }) => pin !== null || (score > 0 && score >= FLOOR * top))
    .sort((a, b) => Number(b.pin !== null) - Number(a.pin !== null) || b.score - a.score)
    .slice(0, most)
    .map(({ paper, i, score, pin }) => ({
      paper,
      relevance: top === 0 ? 0 : score / top,
      why: [...(pin === null ? [] : [`pinned: ${pin}`]), ...index.matched(words, i, 4)],
    }));
  return { picks, skipped, considered: pool.length };
}

function reasonAgainst(paper: Paper, interests: Interests, memory: Remembered): string | null {
  if (paper.withdrawn) return 'withdrawn';
  if (memory.wasRecommended(paper)) return 'shown in an earlier digest';
  if (!interests.replacements && (paper.announced === 'replace' || paper.announced === 'replace-cross'))
    return 'new version of an older paper';
  return pinOf(paper, interests.mutes) === null ? null : 'muted';
}

/** The first of some names or words that a paper has. A name of one word is a family name or a word of the text. */
function pinOf(paper: Paper, pins: readonly string[]): string | null {
  const text = ` ${plain(`${paper.title} ${paper.abstract}`)} `;
  const authors = paper.authors.map((name) => ({ full: plain(name), family: familyName(name) }));
  return (
    pins.find((pin) => {
      const wanted = plain(pin);
      if (wanted === '') return false;
      return (
        text.includes(` ${wanted} `) ||
        authors.some(({ full, family }) => full === wanted || (!wanted.includes(' ') && family === wanted))
      );
    }) ?? null
  );
}

const plain = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

/** Each group of queries counts by its best one. Without topics the brief is all there is. */
function queriesOf({ topics, brief, liked }: Interests): { queries: PaperText[]; weight: number }[] {
  const groups: { queries: PaperText[]; weight: number }[] = [];
  if (topics.length > 0)
    groups.push({ queries: topics.map((topic) => ({ title: topic, abstract: '' })), weight: 1 });
  if (brief !== '')
    groups.push({ queries: [{ title: '', abstract: brief }], weight: topics.length > 0 ? BESIDE : 1 });
  if (liked.length >= ENOUGH_LIKED) groups.push({ queries: [centre(liked)], weight: BESIDE });
  return groups;
}

/** All liked papers as one text: its vector is their sum, with repeated words saturated. */
function centre(liked: readonly PaperText[]): PaperText {
  return {
    title: liked.map(({ title }) => title).join('\n'),
    abstract: liked.map(({ abstract }) => abstract.slice(0, Math.floor(18_000 / liked.length))).join('\n'),
  };
}
