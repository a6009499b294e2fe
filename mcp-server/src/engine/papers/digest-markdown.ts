import { escapeMarkdown } from '../../core/escape.js';
import { idOf } from '../../core/paper/identity.js';
import { clip } from '../../core/text.js';
import { shortAuthors } from './card.js';
import type { Choice, Pick } from './choose.js';

const ABSTRACT_CHARS = 900;

/** The file of a digest: front matter that Obsidian understands, top picks with abstracts, then a line per further paper. */
export function digestMarkdown(digest: {
  day: string;
  /** Batches that it covers, oldest first. */
  batches: readonly string[];
  categories: readonly string[];
  topics: readonly string[];
  choice: Choice;
  top: number;
  notes: readonly string[];
}): string {
  const { day, batches, choice, top } = digest;
  const [picks, also] = [choice.picks.slice(0, top), choice.picks.slice(top)];
  const lines = [
    '---',
    `title: "Papers of ${day}"`,
    `date: ${day}`,
    'tags: [papers, digest]',
    `categories: [${digest.categories.join(', ')}]`,
    `papers: [${choice.picks.map(({ paper }) => JSON.stringify(idOf(paper))).join(', ')}]`,
    '---',
    '',
    `# Papers of ${day}`,
    '',
    `${choice.picks.length} of ${choice.considered} announced papers, batch${batches.length === 1 ? '' : 'es'} of ${batches.join(', ')}.${digest.topics.length === 0 ? '' : ` Topics: ${digest.topics.map(escapeMarkdown).join('; ')}.`}`,
  ];
  if (choice.picks.length === 0) lines.push('', 'Nothing of it matches the topics.');
  if (picks.length > 0) lines.push('', '## Top picks', ...picks.flatMap(entry));
  if (also.length > 0) lines.push('', '## Also worth reading', '', ...also.map(line));
  const skipped = Object.entries(choice.skipped);
  if (skipped.length > 0 || digest.notes.length > 0) lines.push('', '## Left out and notes', '');
  lines.push(
    ...skipped.map(([why, count]) => `- ${count} ${why}`),
    ...digest.notes.map((note) => `- ${escapeMarkdown(note)}`),
  );
  lines.push(
    '',
    '<sub>Titles and abstracts are quoted from arXiv. Thank you to arXiv for use of its open access interoperability.</sub>',
  );
  return `${lines.join('\n')}\n`;
}

function entry({ paper, why }: Pick): string[] {
  const facts = [
    escapeMarkdown(shortAuthors(paper.authors)),
    paper.categories.slice(0, 4).join(' '),
    idOf(paper),
    ...(paper.announced === 'cross' ? ['cross-listed'] : []),
    ...(why.length === 0 ? [] : [`matches ${escapeMarkdown(why.join(', '))}`]),
  ];
  return [
    '',
    `### [${escapeMarkdown(paper.title)}](${paper.url ?? ''})`,
    '',
    facts.filter((fact) => fact !== '').join(' · '),
    '',
    `> ${escapeMarkdown(clip(paper.abstract, ABSTRACT_CHARS))}`,
  ];
}

function line({ paper, why }: Pick): string {
  const matches = why.length === 0 ? '' : ` (${escapeMarkdown(why.slice(0, 3).join(', '))})`;
  return `- [${escapeMarkdown(paper.title)}](${paper.url ?? ''}), ${escapeMarkdown(shortAuthors(paper.authors))}${matches}`;
}
