import { join } from 'node:path';
import { z } from 'zod';
import { errorText, LabError } from '../../core/errors.js';
import { writeAtomic } from '../../store/files.js';
import { bytesOf } from './disk.js';
import { OwnedJson } from './json.js';

export const HOSTS = ['claude', 'codex'] as const;
export type HostName = (typeof HOSTS)[number];

/** Whose need something was written for; `cli` is the command itself. */
export const Owner = z.enum([...HOSTS, 'cli']);
export type Owner = z.infer<typeof Owner>;

export const Owned = z.discriminatedUnion('kind', [
  OwnedJson,
  z.strictObject({ kind: z.literal('toml'), keys: z.array(z.string()) }),
]);
export type Owned = z.infer<typeof Owned>;

const FileEntry = z.strictObject({ owner: Owner, path: z.string(), sha256: z.string() });
export type FileEntry = z.infer<typeof FileEntry>;

const EditEntry = z.strictObject({
  owner: Owner,
  path: z.string(),
  /** The file as it was before our first edit, kept byte by byte; null when there was none. */
  before: z.strictObject({ backup: z.string(), sha256: z.string() }).nullable(),
  /** The file as we left it: while it still is, taking out means putting `before` back. */
  after: z.string(),
  owned: Owned,
});
export type EditEntry = z.infer<typeof EditEntry>;

/** What one installation wrote: all that is needed to take it out again, and no more. */
const InstallRecord = z.strictObject({
  version: z.literal(1),
  /** Folders that were made, outermost first: they go when they are empty. */
  folders: z.array(z.string()),
  files: z.array(FileEntry),
  edits: z.array(EditEntry),
});
export type InstallRecord = z.infer<typeof InstallRecord>;

export function emptyRecord(): InstallRecord {
  return { version: 1, folders: [], files: [], edits: [] };
}

/** The record of a scope, or null when nothing is installed. Throws LabError when it cannot be read. */
export function readRecord(folder: string): InstallRecord | null {
  const path = join(folder, 'record.json');
  const text = bytesOf(path)?.toString('utf8') ?? null;
  if (text === null) return null;
  try {
    return InstallRecord.parse(JSON.parse(text));
  } catch (error) {
    throw new LabError(
      `the record of what was installed cannot be read: ${path}: ${errorText(error).slice(0, 200)}`,
      'it may be of a newer version: use that one; the backups lie beside it',
      { cause: error },
    );
  }
}

export function writeRecord(folder: string, record: InstallRecord): void {
  writeAtomic(join(folder, 'record.json'), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
}
