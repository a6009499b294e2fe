import { firstWithin, jsonSize } from '../../core/bounded.js';
import { LabError } from '../../core/errors.js';
import { clip, plain } from '../../core/text.js';
import { listBeneath, readBeneath, writeBeneath } from '../../store/beneath-files.js';
import type { Project } from '../../store/project.js';
import { protectedReason } from '../../store/protected.js';
import type { Lab } from '../lab.js';
import { listBeneathThere, readBeneathThere, writeBeneathThere } from '../there/beneath.js';
import { placeOfPath } from './where.js';

/** Bytes of one page of a file. */
const PAGE = 6000;
/** Characters of JSON of one page, and of one listing. */
const PAGE_JSON = 7000;
const MAX_WRITE = 1024 * 1024;

/** A page of a text file of the project, on the host that holds its code. Throws LabError for what is outside, no plain file, or binary. */
export async function readPage(lab: Pick<Lab, 'at'>, project: Project, path: string, offset: number) {
  const place = await placeOfPath(lab, project, path);
  const host = place === null ? null : (await lab.at(place)).machine;
  for (let maxBytes = PAGE; ; maxBytes = Math.floor(maxBytes / 2)) {
    const part =
      place === null || host === null
        ? readBeneath(project.paths.root, path, { offset, maxBytes })
        : await readBeneathThere(host, place.workspace, path, { offset, maxBytes });
    if (part.binary)
      throw new LabError(
        `${clip(path, 200)} is not a text file`,
        'read it with a program of its format through run_shell',
      );
    const text = plain(part.text);
    // Quotes and line breaks are two characters each on their way: such a file has shorter pages.
    if (jsonSize(text) > PAGE_JSON) continue;
    return { path: clip(path, 300), text, size: part.size, next_offset: part.next };
  }
}

/** Writes a whole file of the project. Throws LabError for what is outside or belongs to the person or the program. */
export async function writePage(lab: Pick<Lab, 'at'>, project: Project, path: string, text: string) {
  const { root, brief, config, workspace } = project.paths;
  const why = protectedReason(path, {
    root,
    brief,
    config,
    workspace,
    locked: project.config.experiment.locked,
  });
  if (why !== null)
    throw new LabError(
      `${clip(path, 200)} is protected: ${why}`,
      'write elsewhere; notes belong into workspace/notes/, memory goes through log_memory',
    );
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_WRITE)
    throw new LabError(
      `${bytes} bytes are too many for one file`,
      'write at most 1 MiB; make large data with a program',
    );
  const place = await placeOfPath(lab, project, path);
  if (place === null) writeBeneath(root, path, text);
  else await writeBeneathThere((await lab.at(place)).machine, place.workspace, path, text);
  return { path: clip(path, 300), bytes };
}

/** What lies in a folder of the project. Throws LabError for what is outside. */
export async function listFolder(lab: Pick<Lab, 'at'>, project: Project, path: string, depth: number) {
  const limits = { maxEntries: 150, depth };
  const place = await placeOfPath(lab, project, path);
  const { entries, truncated } =
    place === null
      ? listBeneath(project.paths.root, path, limits)
      : await listBeneathThere((await lab.at(place)).machine, place.workspace, path, limits);
  const shown = firstWithin(entries, PAGE_JSON);
  return { entries: shown, truncated: truncated || shown.length < entries.length };
}
