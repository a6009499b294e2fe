import { parseArxiv } from '../../core/paper/identity.js';
import type { PaperText } from '../../core/paper/rank.js';
import { readPaper } from '../../store/paper-folder.js';

/** Liked papers as `papers show` has kept them here: asking arXiv for them would tell it what the user likes. */
export function likedPapers(
  folder: string,
  ids: readonly string[],
): { papers: PaperText[]; notes: string[] } {
  const papers: PaperText[] = [];
  const missing: string[] = [];
  for (const id of ids) {
    const arxiv = parseArxiv(id);
    const paper = arxiv === null ? null : readPaper(folder, `arxiv:${arxiv.id}`);
    if (paper === null) missing.push(id);
    else papers.push({ title: paper.title, abstract: paper.abstract });
  }
  return {
    papers,
    notes:
      missing.length === 0
        ? []
        : [`papers.liked: ${missing.join(', ')} not kept here yet; call papers show once for each`],
  };
}
