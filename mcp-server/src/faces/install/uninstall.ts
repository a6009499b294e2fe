import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Doing } from './act.js';
import { bytesOf, hashOf, named, removeEmptyFolders } from './disk.js';
import { undoEdit } from './edit.js';
import type { Place } from './place.js';
import { type FileEntry, type Owner, readRecord, writeRecord } from './record.js';

/**
 * Takes out what was installed for these owners, or all of it (null). False when nothing was installed. A file that
 * somebody has changed since stays, and this is said. Throws LabError before anything is changed when a file cannot be
 * edited safely.
 */
export function uninstall(place: Place, owners: readonly Owner[] | null, doing: Doing): boolean {
  const record = readRecord(place.record);
  if (record === null) return false;
  const goes = ({ owner }: { owner: Owner }): boolean => owners === null || owners.includes(owner);
  for (const entry of record.edits.filter(goes))
    undoEdit(entry, place.record, { dry: true, tell: () => undefined });
  for (const entry of record.files.filter(goes)) dropFile(entry, doing);
  for (const entry of record.edits.filter(goes)) undoEdit(entry, place.record, doing);
  if (doing.dry) return true;
  record.files = record.files.filter((entry) => !goes(entry));
  record.edits = record.edits.filter((entry) => !goes(entry));
  if (record.files.length + record.edits.length > 0) {
    record.folders = removeEmptyFolders(record.folders);
    writeRecord(place.record, record);
    return true;
  }
  rmSync(join(place.record, 'backups'), { recursive: true, force: true });
  rmSync(join(place.record, 'record.json'), { force: true });
  removeEmptyFolders(record.folders);
  return true;
}

/** Removes a file of ours; one that somebody has changed stays. */
export function dropFile({ owner, path, sha256 }: FileEntry, { dry, tell }: Doing): void {
  const current = bytesOf(path);
  if (current === null) return;
  if (hashOf(current) !== sha256) {
    tell({ do: 'keep', owner, path, what: 'changed since it was written, so it stays', entries: [] });
    return;
  }
  if (!dry) named(path, 'write', () => rmSync(path));
  tell({ do: 'remove', owner, path, what: '', entries: [] });
}
