import { createHash } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode } from '../../core/errors.js';
import { parseJson } from '../../core/parse-json.js';
import type { Clock, JobHandle } from '../../core/ports.js';
import { kindByName, wholeReaderOf } from '../../core/reading/sources/kinds.js';
import { ownFolder, type ThereFile, ThereIndex } from '../../core/reading/sources/there.js';
import { folderThere, isElsewhere } from './run-there.js';
import type { Question, Seen } from './snapshot.js';
import type { FoundFile } from './snapshot-files.js';

/** How often the files of a run are looked for, and of how many runs in one look; of more runs, each less often. */
const SCAN_MS = 3000;
const CROWD = 8;
/** Questions within this time belong to one look. */
const LOOK_MS = 500;
/** Of one run. */
const MAX_FILES = 64;
const LARGEST = 64 << 20;
/** Bytes in one answer: of all files, and of one. */
const ALL_BYTES = 2 << 20;
const FILE_BYTES = 512 << 10;
/** So much of what is here is asked for again, to see that a file was added to and not written anew. */
const OVERLAP = 64;

interface Copies {
  files: Map<string, ThereFile>;
  /** What there is to fetch, in the order in which it was asked for. */
  asked: ThereFile[];
  scanned: number;
  /** Bytes that were still to come when its end was seen; what somebody goes on writing holds nobody up. */
  owed: number | null;
}

/** Brings the files of runs that may hold metrics into their folders here, as far as they are new, within the looks at the runs. */
export interface FilesMirror {
  question(handle: JobHandle, runs: number): Question['files'];
  /** Takes in what a look has shown. True when all is here that was there, after its end all that was there then. */
  take(handle: JobHandle, seen: Seen): boolean;
  forget(handle: JobHandle): void;
}

export function createFilesMirror(clock: Clock): FilesMirror {
  const known = new Map<string, Copies>();
  let look = { at: Number.NEGATIVE_INFINITY, scans: 0 };
  const copiesOf = (handle: JobHandle): Copies => {
    const copies = known.get(handle.marker) ?? {
      files: load(handle),
      asked: [],
      scanned: Number.NEGATIVE_INFINITY,
      owed: null,
    };
    known.set(handle.marker, copies);
    return copies;
  };

  return {
    question(handle, runs) {
      if (handle.cwd === undefined || !isElsewhere(handle)) return undefined;
      const copies = copiesOf(handle);
      const now = clock();
      if (now - look.at > LOOK_MS) look = { at: now, scans: 0 };
      const due = look.scans < CROWD && now - copies.scanned >= SCAN_MS * Math.max(1, runs / CROWD);
      if (due) look.scans += 1;
      const share = Math.max(4096, Math.floor(ALL_BYTES / Math.max(1, runs)));
      copies.asked = [];
      let left = share;
      for (const file of copies.files.values()) {
        if (file.bytes >= file.size || left <= 0) continue;
        copies.asked.push(file);
        left -= Math.min(FILE_BYTES, file.size - file.bytes);
      }
      return {
        cwd: handle.cwd,
        due,
        pieces: copies.asked.map((file) => {
          const from = Math.max(0, file.bytes - OVERLAP);
          return {
            path: pathThere(handle, file),
            from,
            most: Math.min(FILE_BYTES, share) + file.bytes - from,
          };
        }),
      };
    },
    take(handle, seen) {
      if (handle.cwd === undefined || !isElsewhere(handle)) return true;
      const copies = copiesOf(handle);
      let changed = false;
      let came = 0;
      for (const [index, piece] of (seen.pieces ?? []).entries()) {
        const file = copies.asked[index];
        if (file === undefined) continue;
        write(handle, file, Buffer.from(piece));
        came += piece.length;
        changed = true;
      }
      copies.asked = [];
      if (seen.found !== undefined) {
        copies.scanned = clock();
        for (const found of seen.found) changed = note(copies.files, handle, found) || changed;
      }
      if (changed) save(handle, copies.files);
      const missing = [...copies.files.values()].reduce(
        (sum, { bytes, size }) => sum + Math.max(0, size - bytes),
        0,
      );
      if (seen.exited === null) return missing === 0;
      copies.owed = copies.owed === null ? missing : copies.owed - came;
      return missing === 0 || copies.owed <= 0;
    },
    forget: ({ marker }) => void known.delete(marker),
  };
}

const OWN = 'files/';

/** Below the folder that the run works in; the run's own files lie elsewhere, and are named after their place. */
const pathOf = (handle: JobHandle, { within, path }: FoundFile): string =>
  within === 'own' ? `${ownFolder(handle.marker)}/${OWN}${path}` : path;

function pathThere(handle: JobHandle, { path }: ThereFile): string {
  const own = `${ownFolder(handle.marker)}/`;
  return path.startsWith(own) ? `${folderThere(handle)}/${path.slice(own.length)}` : `${handle.cwd}/${path}`;
}

/** What is written anew as a whole is brought anew as a whole. */
function note(files: Map<string, ThereFile>, handle: JobHandle, found: FoundFile): boolean {
  const path = pathOf(handle, found);
  const kind = kindByName(path);
  if (kind === null || found.size > LARGEST) return false;
  const { size, mtime, birth, id } = found;
  const before = files.get(path);
  if (before === undefined) {
    if (files.size >= MAX_FILES) return false;
    const copy = createHash('sha256').update(path).digest('hex').slice(0, 24);
    files.set(path, { path, kind, size, mtime, birth, id, bytes: 0, copy });
    return true;
  }
  if (before.size === size && before.mtime === mtime && before.id === id) return false;
  const anew = before.id !== id || size < before.bytes || wholeReaderOf(kind) !== null;
  // The same length under another time: nobody can tell what of it is new.
  const again = anew || (size === before.bytes && before.mtime !== mtime);
  Object.assign(before, { size, mtime, birth, id, ...(again ? { bytes: 0 } : {}) });
  return true;
}

/** Writes a piece in its place; what does not go on where the copy ends was written anew there, and is fetched again. */
function write(handle: JobHandle, file: ThereFile, piece: Buffer): void {
  const from = Math.max(0, file.bytes - OVERLAP);
  const overlap = file.bytes - from;
  const path = join(folderHere(handle), file.copy);
  mkdirSync(folderHere(handle), { recursive: true });
  closeSync(openSync(path, 'a'));
  const copy = openSync(path, 'r+');
  try {
    const here = Buffer.alloc(overlap);
    if (overlap > 0) readSync(copy, here, 0, overlap, from);
    if (!piece.subarray(0, overlap).equals(here)) {
      file.bytes = 0;
      return;
    }
    const fresh = piece.subarray(overlap);
    // It is shorter than it was when it was looked at: the next look tells.
    if (fresh.length === 0) {
      file.size = file.bytes;
      return;
    }
    for (let done = 0; done < fresh.length; )
      done += writeSync(copy, fresh, done, fresh.length - done, file.bytes + done);
    file.bytes += fresh.length;
    if (file.bytes >= file.size) ftruncateSync(copy, file.bytes);
  } finally {
    closeSync(copy);
  }
}

const folderHere = (handle: JobHandle): string => join(dirname(handle.recordDir), 'there');

function save(handle: JobHandle, files: ReadonlyMap<string, ThereFile>): void {
  const folder = folderHere(handle);
  mkdirSync(folder, { recursive: true });
  const index: ThereIndex = { files: [...files.values()] };
  const temp = join(folder, '.index.half');
  writeFileSync(temp, JSON.stringify(index));
  renameSync(temp, join(folder, 'index.json'));
}

function load(handle: JobHandle): Map<string, ThereFile> {
  try {
    const text = readFileSync(join(folderHere(handle), 'index.json'), 'utf8');
    const index = ThereIndex.safeParse(parseJson(text));
    return new Map((index.success ? index.data.files : []).map((file) => [file.path, file]));
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return new Map();
  }
}
