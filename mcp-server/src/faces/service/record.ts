import { existsSync, mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { errorCode } from '../../core/errors.js';
import { ProcessIdentity } from '../../core/process-identity.js';
import { readTextIfThere, writeAtomic } from '../../store/files.js';
import type { Job } from './job.js';

const Record = z.strictObject({
  kind: z.enum(['systemd', 'cron']),
  root: z.string(),
  /** Folders that were not there before us. */
  folders: z.array(z.string()),
  /** Exactly what was put into the crontab; empty for systemd. */
  lines: z.string(),
  /** There was no crontab at all before us. */
  noCrontab: z.boolean(),
  /** What was started in place of the next boot. */
  started: ProcessIdentity.nullable(),
});
export type ServiceRecord = z.output<typeof Record>;

/** What was installed for this project; null for nothing, or for what cannot be read. */
export function readRecord({ record }: Job): ServiceRecord | null {
  const text = readTextIfThere(record);
  try {
    return text === null ? null : (Record.safeParse(JSON.parse(text)).data ?? null);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

export function writeRecord({ record }: Job, value: ServiceRecord): void {
  mkdirSync(dirname(record), { recursive: true, mode: 0o700 });
  writeAtomic(record, `${JSON.stringify(value)}\n`, { mode: 0o600 });
}

export const removeRecord = ({ record }: Job): void => rmSync(record, { force: true });

/** As mkdir -p; the folders that were made, outermost first. */
export function makeFolders(path: string): string[] {
  if (existsSync(path)) return [];
  const above = makeFolders(dirname(path));
  mkdirSync(path);
  return [...above, path];
}

/** Takes away folders of ours that hold nothing; others stay. */
export function removeEmpty(folders: readonly string[]): void {
  for (const folder of [...folders].reverse()) {
    try {
      rmdirSync(folder);
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOENT') throw error;
      return;
    }
  }
}
