import { relative } from 'node:path';
import { z } from 'zod';
import { LabError } from '../../core/errors.js';
import { idOf, parseId } from '../../core/paper/identity.js';
import { merge } from '../../core/paper/merge.js';
import { type Paper, paperOf } from '../../core/paper/paper.js';
import type { PaperSource } from '../../core/paper/source.js';
import { clip } from '../../core/text.js';
import { keepPaper } from '../../store/paper-folder.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';
import { outcomeOf } from './ask.js';
import { type FullText, fullText } from './full-text.js';
import { pageOf, TextPage } from './text-page.js';

export interface ShowRequest {
  id: string;
  /** Fetch and unpack the text. */
  full: boolean;
  /** A section of the text, by its number in the outline or a part of its title; `all` from the start. */
  section?: string | undefined;
  /** Characters to skip. */
  offset: number;
  /** Characters of text in the answer. */
  room: number;
}

export const ShowAnswer = z.strictObject({
  id: z.string(),
  title: z.string(),
  authors: z.array(z.string()),
  abstract: z.string(),
  where: z.string(),
  date: z.string().nullable(),
  version: z.number().nullable(),
  citations: z.number().nullable(),
  withdrawn: z.boolean(),
  comment: z.string().nullable(),
  url: z.string().nullable(),
  pdf: z.string().nullable(),
  ids: z.record(z.string(), z.string()),
  text: z.enum(['latex', 'html', 'pdf', 'none', 'not_asked']),
  outline: z.array(z.string()),
  figures: z.array(z.string()),
  page: TextPage.nullable(),
  folder: z.string().nullable(),
  notes: z.array(z.string()),
});
export type ShowAnswer = z.output<typeof ShowAnswer>;

/** Who is asked about a name, the one that knows most first. All are asked until the record is whole. */
const ASKED: Record<string, readonly string[]> = {
  arxiv: ['arxiv', 'arxiv-oai', 'semantic-scholar'],
  doi: ['crossref', 'semantic-scholar', 'openalex', 'unpaywall'],
  acl: ['acl-anthology', 'semantic-scholar'],
  openreview: ['openreview'],
  s2: ['semantic-scholar'],
  openalex: ['openalex'],
};

/**
 * One paper: what the sources know of it, and on request its text by section and its figures with captions, kept in
 * `workspace/papers/ID/`. Throws LabError when nobody knows it.
 */
export async function showPaper(
  lab: Pick<Lab, 'literature'>,
  project: Project,
  request: ShowRequest,
  signal: AbortSignal,
): Promise<{ answer: ShowAnswer; paper: Paper }> {
  const { ids, version } = parseId(request.id);
  const { sources, text } = await lab.literature(project.config.papers.contact);
  const { paper, notes } = await gather(sources, ids, signal);
  const { arxiv } = paper.ids;
  let full: FullText | null = null;
  if (request.full || request.section !== undefined) {
    if (arxiv === undefined) notes.push('only papers on arXiv can be read here; see the PDF');
    else if (paper.withdrawn) notes.push('it was withdrawn: its text is not fetched');
    else full = await fullText(text, arxiv, version, signal);
  }
  notes.push(...(full?.notes ?? []));
  if (full?.from === 'pdf') notes.push(`there is a PDF alone: ${paper.pdf ?? ''}`);
  const id = idOf(paper);
  const kept = { id, title: paper.title, abstract: paper.abstract, authors: paper.authors, year: paper.year };
  const folder = keepPaper(
    project.paths.papers,
    id,
    { ...paper, ...kept, sections: full?.sections ?? [], figures: full?.figures ?? [] },
    full?.files ?? [],
  );
  const page = full === null || full.sections.length === 0 ? null : pageOf(full.sections, request);
  const where = `${paper.venue ?? 'preprint'}${paper.year === null || paper.venue?.includes(String(paper.year)) ? '' : ` ${paper.year}`}`;
  return {
    paper,
    answer: {
      id,
      title: paper.title,
      authors: paper.authors.slice(0, 20),
      // Beside a page of the text the abstract would be told twice.
      abstract: request.section === undefined ? clip(paper.abstract, 2200) : '',
      where: clip(where, 160),
      date: paper.date,
      version: version ?? paper.version,
      citations: paper.citations,
      withdrawn: paper.withdrawn,
      comment: paper.comment === null ? null : clip(paper.comment, 200),
      url: paper.url,
      pdf: paper.pdf,
      ids: Object.fromEntries(Object.entries(paper.ids).filter(([, value]) => value !== undefined)),
      text: full?.from ?? 'not_asked',
      outline: (full?.sections ?? [])
        .slice(0, 40)
        .map(
          ({ level, title, text: body }, i) =>
            `${i + 1}. ${'  '.repeat(Math.max(0, level - 1))}${clip(title, 60)} (${body.length})`,
        ),
      figures: (full?.figures ?? [])
        .slice(0, 12)
        .map(
          ({ number, caption, files }) =>
            `${number}. ${clip(caption, 90)}${files[0] === undefined ? '' : ` [${clip(files[0], 60)}]`}`,
        ),
      page,
      folder: relative(project.paths.root, folder),
      notes: notes.slice(0, 8).map((note) => clip(note, 240)),
    },
  };
}

/** What the sources know. The first answer names the paper; the others add to it. Throws LabError when none knows it. */
async function gather(
  sources: readonly PaperSource[],
  ids: Paper['ids'],
  signal: AbortSignal,
): Promise<{ paper: Paper; notes: string[] }> {
  const notes: string[] = [];
  const scheme = Object.keys(ids)[0] ?? '';
  let paper: Paper | null = null;
  let troubled = false;
  for (const name of ASKED[scheme] ?? []) {
    // The second door to arXiv is for when the first one is closed.
    if (name === 'arxiv-oai' && paper !== null) continue;
    const source = sources.find((one) => one.name === name);
    if (source?.lookUp === undefined) continue;
    const asked: Pick<Paper, 'ids'> = paper === null ? { ids } : { ids: { ...paper.ids, ...ids } };
    const outcome = await outcomeOf(source.lookUp([asked], signal));
    if (!outcome.ok) {
      if (outcome.error.trouble !== 'not_found') {
        troubled = true;
        notes.push(outcome.error.message);
      }
      continue;
    }
    const [found] = outcome.reply.value;
    if (found != null)
      paper = paper === null ? { ...found, ids: { ...found.ids, ...ids } } : merge(paper, found);
    if (outcome.reply.stale) notes.push(`${name} does not answer now; this is what it said before`);
  }
  if (paper !== null) return { paper, notes };
  const name = idOf(paperOf({ ids, title: '', sources: [] }));
  throw new LabError(
    troubled ? `${name} cannot be looked up now: ${notes.join('; ')}` : `no source knows ${name}`,
    troubled ? 'try again later' : 'look at the id; papers search finds papers by words',
  );
}
