import { LabError } from '../../core/errors.js';
import { plain } from '../../core/text.js';
import { listBeneath, readBeneath, writeBeneath } from '../../store/beneath-files.js';
import type { Project } from '../../store/project.js';
import { protectedReason } from '../../store/protected.js';

/** Bytes of one page of a file. */
const PAGE = 6000;
const MAX_WRITE = 1024 * 1024;

/** A page of a text file of the project. Throws LabError for what is outside, no plain file, or binary. */
export function readPage(project: Project, path: string, offset: number) {
  const part = readBeneath(project.paths.root, path, { offset, maxBytes: PAGE });
  if (part.binary) throw new LabError(`${path} is not a text file`, 'read it with a program of its format through run_shell');
  return { path, text: plain(part.text), size: part.size, next_offset: part.next };
}

/** Writes a whole file of the project. Throws LabError for what is outside or belongs to the person or the program. */
export function writePage(project: Project, path: string, text: string) {
  const { root, brief, config, workspace } = project.paths;
  const why = protectedReason(path, { root, brief, config, workspace });
  if (why !== null) throw new LabError(`${path} is protected: ${why}`, 'write elsewhere; notes belong into workspace/notes/, memory goes through log_memory');
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_WRITE) throw new LabError(`${bytes} bytes are too many for one file`, 'write at most 1 MiB; make large data with a program');
  writeBeneath(root, path, text);
  return { path, bytes };
}

/** What lies in a folder of the project. Throws LabError for what is outside. */
export function listFolder(project: Project, path: string, depth: number) {
  return listBeneath(project.paths.root, path, { maxEntries: 150, depth });
}
