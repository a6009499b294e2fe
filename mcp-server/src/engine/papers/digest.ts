import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { z } from 'zod';
import { LabError } from '../../core/errors.js';
import { batchOn, dateIn, expectedBatch, isTimeZone, nextBatchAt } from '../../core/paper/calendar.js';
import { recommendedOf, remember } from '../../core/paper/digest-mark.js';
import { digestFile, finishDigests, freeDigestName, readMarks, writeDigest } from '../../store/library.js';
import { withLock } from '../../store/lock.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';
import { isAnythingDue, readAnnouncements } from './announcements.js';
import { PaperCard, toCard } from './card.js';
import { choosePapers, type Interests } from './choose.js';
import { closenessOf } from './closeness.js';
import { digestMarkdown } from './digest-markdown.js';
import { likedPapers } from './liked.js';

export interface DigestRequest {
  /** In place of those of the config. */
  topics?: readonly string[] | undefined;
  categories?: readonly string[] | undefined;
  replacements?: boolean | undefined;
}

export const DigestAnswer = z.strictObject({
  /**
   * `written`: a new file · `there`: the newest batch has its file already · `quiet`: no batch is due (weekend, holiday, or
   * before the first of the day) · `late`: a batch is due and cannot be read yet, ask again.
   */
  status: z.enum(['written', 'there', 'quiet', 'late']),
  message: z.string(),
  /** Path of the file, below the project; null without one. */
  file: z.string().nullable(),
  top: z.array(PaperCard),
  also: z.array(PaperCard),
  considered: z.number(),
  skipped: z.record(z.string(), z.number()),
  notes: z.array(z.string()),
});
export type DigestAnswer = z.output<typeof DigestAnswer>;

/** Papers in an answer; the file has them all. */
const MOST_CARDS = 18;
const NOTHING = { file: null, top: [], also: [], considered: 0, skipped: {}, notes: [] };

/**
 * Reads what arXiv has announced since the last digest, chooses, and writes `digests/DAY.md`, DAY being the newest batch.
 * Asked again it changes nothing. A paper is shown once, ever; a batch that cannot be read stays due. Throws LabError.
 */
export async function makeDigest(
  lab: Pick<Lab, 'literature' | 'clock'>,
  project: Project,
  request: DigestRequest,
  signal: AbortSignal,
): Promise<DigestAnswer> {
  const { papers: config } = project.config;
  if (!isTimeZone(config.timezone))
    throw new LabError(
      `papers.timezone: "${config.timezone}" is no time zone`,
      'write an IANA name, for instance Europe/Berlin',
    );
  return withLock(`digest ${project.paths.workspace}`, () => digest(lab, project, request, signal), {
    about: 'making a digest',
    signal,
    patienceMs: 10 * 60_000,
  });
}

async function digest(
  lab: Pick<Lab, 'literature' | 'clock'>,
  project: Project,
  request: DigestRequest,
  signal: AbortSignal,
): Promise<DigestAnswer> {
  const { paths, config } = project;
  const finished = finishDigests(paths);
  const memory = remember(readMarks(paths));
  const categories = request.categories ?? config.papers.categories;
  const newest = expectedBatch(lab.clock());
  const file = digestFile(paths, newest);
  if (!isAnythingDue(categories, newest, memory)) {
    const message = `${quietWords(lab.clock(), config.papers.timezone)}; the newest batch is of ${newest}`;
    const there = relative(paths.root, file);
    const today = batchOn(dateIn('America/New_York', lab.clock()));
    return existsSync(file)
      ? {
          ...NOTHING,
          status: today === 'batch' ? 'there' : 'quiet',
          message: `${message}: ${there}`,
          file: there,
        }
      : { ...NOTHING, status: 'quiet', message };
  }
  const interests = interestsOf(project, request);
  const { sources, embed } = await lab.literature(config.papers.contact);
  const announced = await readAnnouncements(sources, categories, newest, memory, signal);
  const missing = Object.values(announced.missing).flat();
  const read = [...new Set(Object.values(announced.read).flat())].sort();
  if (read.length === 0)
    return {
      ...NOTHING,
      status: 'late',
      message: `the batch of ${[...new Set(missing)].sort().join(', ')} is due and cannot be read yet; nothing is lost: ask again later`,
      notes: announced.notes,
    };
  if (missing.length > 0) announced.notes.push(`still due: ${[...new Set(missing)].sort().join(', ')}`);
  if (finished.length > 0) announced.notes.push(`finished what was cut off: ${finished.join(', ')}`);
  const { top, also } = config.papers;
  announced.notes.push(...interests.notes);
  const near = await closenessOf(embed, config.papers, interests, announced.papers, signal);
  if (near.note !== null) announced.notes.push(near.note);
  const choice = choosePapers(announced.papers, interests, memory, top + also, near.closeness);
  const name = freeDigestName(paths, newest);
  const shown = relative(paths.root, digestFile(paths, name));
  const markdown = digestMarkdown({
    day: newest,
    batches: read,
    categories,
    topics: interests.topics,
    choice,
    top,
    notes: announced.notes,
  });
  writeDigest(paths, {
    markdown,
    mark: {
      name,
      at: lab.clock(),
      read: announced.read,
      provisional: announced.provisional,
      settled: announced.settled,
      considered: announced.papers.flatMap((paper) => paper.ids.arxiv ?? []),
      recommended: choice.picks.map(({ paper }) => recommendedOf(paper)),
    },
  });
  const cards = choice.picks.map(({ paper, relevance, why }) => toCard(paper, relevance, why));
  return {
    status: 'written',
    message: `${cards.length} of ${choice.considered} papers, batch of ${read.join(', ')}: ${shown}`,
    file: shown,
    top: cards.slice(0, Math.min(top, MOST_CARDS)),
    also: cards.slice(top, MOST_CARDS),
    considered: choice.considered,
    skipped: choice.skipped,
    notes: announced.notes.slice(0, 8),
  };
}

/** Topics from the call, else the config; the brief joins in, and is all there is without topics. Throws LabError. */
function interestsOf(project: Project, request: DigestRequest): Interests & { notes: string[] } {
  const { papers } = project.config;
  const topics = request.topics !== undefined && request.topics.length > 0 ? request.topics : papers.topics;
  const brief = project.brief.text;
  if (topics.length === 0 && brief === '' && papers.pins.length === 0)
    throw new LabError(
      'what should the digest look for?',
      'give --topics, set papers.topics in config.yaml, or write a PROJECT_BRIEF.md',
    );
  const liked = likedPapers(project.paths.papers, papers.liked);
  return {
    topics,
    brief,
    liked: liked.papers,
    pins: papers.pins,
    mutes: papers.mutes,
    replacements: request.replacements === true,
    notes: liked.notes,
  };
}

/** Why nothing is due now, and when something will be. */
function quietWords(now: number, zone: string): string {
  const kind = batchOn(dateIn('America/New_York', now));
  const why = kind === 'weekend' ? 'weekend' : kind === 'holiday' ? 'holiday of arXiv' : 'nothing new is due';
  const next = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    dateStyle: 'medium',
    timeStyle: 'short',
  }).format(nextBatchAt(now));
  return `${why}; the next batch is due ${next} (${zone})`;
}
