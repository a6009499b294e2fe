import { dirname, join, sep } from 'node:path';
import type { Act, Doing } from './act.js';
import { bytesOf, entryOf, hashOf, makeFolders, missingFolders, replaceFile, sameBytes } from './disk.js';
import { makeEdit, planEdit, tellEdit } from './edit.js';
import type { Place } from './place.js';
import {
  emptyRecord,
  type FileEntry,
  type InstallRecord,
  type Owner,
  readRecord,
  writeRecord,
} from './record.js';
import { dropFile, uninstall } from './uninstall.js';
import type { FilesWish, Wishes } from './wish.js';

/** A file that is written, as a plan. */
interface Write {
  path: string;
  data: Buffer;
  mode: number;
  current: Buffer | null;
}

/**
 * Brings a machine to what is wished, and says each step. First all of it is worked out, so that a file which cannot be
 * edited stops it before anything is written; then the record is written, then the rest. A first installation that
 * fails half-way is taken back. Throws LabError.
 */
export function install(place: Place, owners: readonly Owner[], wishes: Wishes, doing: Doing): void {
  const previous = readRecord(place.record);
  const old = previous ?? emptyRecord();
  const files = planFiles(wishes.files, owners, old, doing);
  const edits = wishes.edits.map((wish) => {
    const entry = old.edits.find((one) => one.path === wish.path && one.owner === wish.owner);
    const planned = planEdit(wish, entry, place.record);
    tellEdit(wish, planned, doing);
    return { wish, entry, planned };
  });
  const changed =
    files.writes.length + files.drops.length > 0 ||
    edits.some(({ planned: { current, after } }) => !sameBytes(current, after));
  if (doing.dry || !changed) {
    if (doing.dry && changed) doing.tell(recordAct(place, previous === null));
    return;
  }
  const written = edits.filter(({ planned }) => planned.owned !== null).map(({ wish }) => wish.path);
  const folders = [
    place.record,
    ...[...files.writes.map(({ path }) => path), ...written].map((path) => dirname(path)),
  ];
  const record: InstallRecord = {
    version: 1,
    folders: [
      ...new Set([...old.folders, ...folders.flatMap(missingFolders), join(place.record, 'backups')]),
    ],
    files: files.entries,
    edits: old.edits,
  };
  makeFolders(place.record);
  try {
    writeRecord(place.record, record);
    for (const { path, data, mode, current } of files.writes) {
      makeFolders(dirname(path));
      replaceFile(path, data, current, mode);
    }
    for (const entry of files.drops) dropFile(entry, SILENT);
    for (const { wish, entry } of edits) {
      if (written.includes(wish.path)) makeFolders(dirname(wish.path));
      const made = makeEdit(wish, entry, place.record);
      record.edits = [
        ...record.edits.filter((one) => one.path !== wish.path || one.owner !== wish.owner),
        ...(made === undefined ? [] : [made]),
      ];
      writeRecord(place.record, record);
    }
  } catch (error) {
    if (previous === null) uninstall(place, null, SILENT);
    throw error;
  }
  doing.tell(recordAct(place, previous === null));
}

const SILENT: Doing = { dry: false, tell: () => undefined };

const recordAct = (place: Place, first: boolean): Act => ({
  do: first ? 'create' : 'change',
  owner: 'cli',
  path: place.record,
  what: 'the record of all this, and a backup of each file that was there before',
  entries: [],
});

/** What to do with each wished file: nothing of others is written over, nothing that a person has changed. */
function planFiles(
  wishes: readonly FilesWish[],
  owners: readonly Owner[],
  old: InstallRecord,
  { tell }: Doing,
) {
  const writes: Write[] = [];
  const entries: FileEntry[] = old.files.filter((entry) => !owners.includes(entry.owner));
  const mine = old.files.filter((entry) => owners.includes(entry.owner));
  for (const { owner, root, what, files } of wishes) {
    const ours = mine.filter(({ path }) => path === root || path.startsWith(root + sep));
    if (entryOf(root) !== null && ours.length === 0) {
      tell({
        do: 'keep',
        owner,
        path: root,
        what: `${what}: something is there that this installer did not write`,
        entries: [],
      });
      continue;
    }
    const before = writes.length;
    const kept: string[] = [];
    for (const { path, data, mode } of files) {
      const current = bytesOf(path);
      const entry = ours.find((one) => one.path === path);
      const sha256 = hashOf(data);
      if (current !== null && hashOf(current) === sha256 && entry !== undefined)
        entries.push({ owner, path, sha256 });
      else if (current === null || (entry !== undefined && hashOf(current) === entry.sha256)) {
        writes.push({ path, data, mode, current });
        entries.push({ owner, path, sha256 });
      } else {
        if (entry !== undefined) entries.push(entry);
        kept.push(path);
      }
    }
    for (const path of kept)
      tell({ do: 'keep', owner, path, what: `${what}: changed by you, so it stays as it is`, entries: [] });
    const fresh = writes.slice(before);
    if (fresh.length > 0)
      tell({
        do: ours.length === 0 ? 'create' : 'change',
        owner,
        path: root,
        what,
        entries: fresh.map(({ path }) => path),
      });
    else if (kept.length === 0) tell({ do: 'same', owner, path: root, what, entries: [] });
  }
  const wished = new Set(wishes.flatMap(({ files }) => files.map(({ path }) => path)));
  const drops = mine.filter(({ path }) => !wished.has(path));
  for (const entry of drops) dropFile(entry, { dry: true, tell });
  return { writes, entries, drops };
}
