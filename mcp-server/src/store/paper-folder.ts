import { join } from 'node:path';
import { z } from 'zod';
import { errorCode } from '../core/errors.js';
import { writeBeneath } from './beneath-files.js';
import { readTextIfThere, writeAtomic } from './files.js';
import { makeFolders, storageError } from './project.js';

/** What is kept of a paper: enough to rank by it and to tell it again. */
const Kept = z.object({
  id: z.string(),
  title: z.string(),
  abstract: z.string(),
  authors: z.array(z.string()),
  year: z.number().nullable(),
});
type Kept = z.output<typeof Kept>;

/** The folder of one paper, named after its id: `arxiv-2503.01234`. */
function paperFolder(papers: string, id: string): string {
  return join(
    papers,
    id
      .toLowerCase()
      .replace(/[^a-z0-9.]+/g, '-')
      .replace(/^[-.]+/, '')
      .slice(0, 120),
  );
}

/** Null when the paper was never shown here, or its file is not ours. */
export function readPaper(papers: string, id: string): Kept | null {
  const text = readTextIfThere(join(paperFolder(papers, id), 'paper.json'));
  if (text === null) return null;
  try {
    const kept = Kept.safeParse(JSON.parse(text));
    return kept.success ? kept.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Writes what is known of a paper, and files of its source below `source/`. Throws LabError. */
export function keepPaper(
  papers: string,
  id: string,
  kept: Kept & Record<string, unknown>,
  files: readonly { path: string; data: Uint8Array }[],
): string {
  const folder = paperFolder(papers, id);
  try {
    makeFolders(folder);
    writeAtomic(join(folder, 'paper.json'), `${JSON.stringify(kept, null, 2)}\n`);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw storageError(error, folder);
  }
  for (const { path, data } of files) writeBeneath(folder, `source/${path}`, data);
  return folder;
}
