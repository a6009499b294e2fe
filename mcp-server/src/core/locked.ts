import { z } from 'zod';

const MAX_GLOBS = 100;

/** Globs below the project folder, one or a list; one that begins with `!` takes out again. */
export const Globs = z
  .union([z.string(), z.array(z.string())])
  .transform((globs) => (typeof globs === 'string' ? [globs] : globs))
  .superRefine((globs, context) => {
    const wrong = globs.find((glob) => wrongGlob(glob) !== null);
    const why =
      wrong !== undefined
        ? `"${wrong.slice(0, 80)}" ${wrongGlob(wrong)}`
        : globs.length > MAX_GLOBS
          ? `more than ${MAX_GLOBS} globs`
          : null;
    if (why !== null) context.addIssue({ code: 'custom', message: why });
  });

function wrongGlob(glob: string): string | null {
  const path = glob.replace(/^!/, '');
  if (path.trim() === '') return 'is empty';
  if (path.length > 500 || path.includes('\0')) return 'is no path';
  if (/^(?:[/\\~]|[a-z]:)/i.test(path)) return 'is absolute: write it from the project folder on';
  return path.split('/').includes('..') ? 'climbs with "..": it must stay below the project folder' : null;
}

/** Path below the project, with `/` → sha256 of the content, or in parentheses why it could not be read. */
export const LockedHashes = z.record(z.string(), z.string());
export type LockedHashes = z.output<typeof LockedHashes>;

/** `locked.json` and `locked-end.json` of a run: which files the globs meant then, and what was in them. */
export const LockedRecord = z.strictObject({
  at: z.string().describe('ISO 8601, UTC'),
  globs: z.array(z.string()),
  files: LockedHashes,
  error: z.string().nullable().describe('why they could not all be read; then `files` says nothing'),
});
export type LockedRecord = z.output<typeof LockedRecord>;

const NAMED = 3;

/** Words that name each file that is not what it was, three by name; null when all are the same. */
export function lockedChanges(before: LockedHashes, after: LockedHashes): string | null {
  const changes = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort().flatMap((path) => {
    const [was, is] = [before[path], after[path]];
    if (was === is) return [];
    return [`${path} was ${was === undefined ? 'added' : is === undefined ? 'removed' : 'changed'}`];
  });
  if (changes.length === 0) return null;
  const more = changes.length - NAMED;
  return `${changes.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
