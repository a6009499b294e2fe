import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../../core/errors.js';
import type { Doing } from './act.js';
import { backUp, bytesOf, hashOf, named, realFile, replaceFile, sameBytes, textOf } from './disk.js';
import type { EditEntry, Owned } from './record.js';
import { addTo, type EditWish, entriesOf, holds, takeFrom } from './wish.js';

/** A host rewrites its own files while it runs: an edit that met such a moment is made again on the new text. */
const TRIES = 20;

export interface PlannedEdit {
  real: string;
  current: Buffer | null;
  /** The file without us. */
  before: Buffer | null;
  /** The file with us; null when there is nothing to write and none was there. */
  after: Buffer | null;
  owned: Owned | null;
  kept: string[];
}

/** Works out an edit; writes nothing. Throws LabError when the file cannot be edited safely. */
export function planEdit(wish: EditWish, entry: EditEntry | undefined, record: string): PlannedEdit {
  const real = realFile(wish.path);
  const current = bytesOf(real);
  const before = entry === undefined ? current : withoutUs(entry, current, record).data;
  if (
    entry !== undefined &&
    current !== null &&
    holds(splitMark(textOf(current, wish.path))[1], wish, entry.owned)
  )
    return { real, current, before, after: current, owned: entry.owned, kept: [] };
  const [mark, text] = splitMark(textOf(before, wish.path));
  const { text: next, owned, kept } = addTo(text, wish);
  return { real, current, before, after: owned === null ? before : Buffer.from(mark + next), owned, kept };
}

/** Makes an edit, and answers with its entry for the record; undefined when nothing in the file is ours. */
export function makeEdit(
  wish: EditWish,
  entry: EditEntry | undefined,
  record: string,
): EditEntry | undefined {
  for (let tries = 0; tries < TRIES; tries++) {
    const { real, current, before, after, owned } = planEdit(wish, entry, record);
    const kept = before === null || owned === null ? null : backUp(record, before);
    if (after !== null && !sameBytes(current, after) && !replaceFile(real, after, current, wish.mode))
      continue;
    if (owned === null || after === null) return undefined;
    return { owner: wish.owner, path: wish.path, before: kept, after: hashOf(after), owned };
  }
  throw new LabError(
    `${wish.path} is changed all the time`,
    'close the host that uses it and run this again',
  );
}

/** Says what an edit does. */
export function tellEdit(wish: EditWish, { current, after, kept }: PlannedEdit, { tell }: Doing): void {
  const act = { owner: wish.owner, path: wish.path };
  for (const key of kept)
    tell({
      ...act,
      do: 'keep',
      what: `${key} is there already and was not written by this installer`,
      entries: [],
    });
  if (sameBytes(current, after)) {
    if (kept.length === 0) tell({ ...act, do: 'same', what: 'as it should be', entries: [] });
    return;
  }
  tell({ ...act, do: current === null ? 'create' : 'change', what: '', entries: entriesOf(wish) });
}

/** Takes our entries out of a file again, to its old bytes where nobody else has changed it since. */
export function undoEdit(entry: EditEntry, record: string, { dry, tell }: Doing): void {
  for (let tries = 0; tries < TRIES; tries++) {
    const real = realFile(entry.path);
    const current = bytesOf(real);
    if (current === null) return;
    const { data, exact, kept } = withoutUs(entry, current, record);
    if (!dry && !sameBytes(data, current) && !put(real, data, current)) continue;
    for (const key of kept)
      tell({
        do: 'keep',
        owner: entry.owner,
        path: entry.path,
        what: `${key} was changed since`,
        entries: [],
      });
    if (sameBytes(data, current)) return;
    const what = exact
      ? 'as it was before'
      : 'changed by others since: our entries are taken out, the rest stays';
    tell({
      do: data === null ? 'remove' : 'restore',
      owner: entry.owner,
      path: entry.path,
      what,
      entries: [],
    });
    return;
  }
  throw new LabError(
    `${entry.path} is changed all the time`,
    'close the host that uses it and run this again',
  );
}

function put(real: string, data: Buffer | null, current: Buffer): boolean {
  if (data !== null) return replaceFile(real, data, current, 0o600);
  if (!sameBytes(bytesOf(real), current)) return false;
  named(real, 'write', () => rmSync(real));
  return true;
}

function withoutUs(
  entry: EditEntry,
  current: Buffer | null,
  record: string,
): { data: Buffer | null; exact: boolean; kept: string[] } {
  if (current === null) return { data: null, exact: true, kept: [] };
  if (hashOf(current) === entry.after) {
    const old = entry.before === null ? null : bytesOf(join(record, entry.before.backup));
    if (entry.before === null || (old !== null && hashOf(old) === entry.before.sha256))
      return { data: old, exact: true, kept: [] };
  }
  const [mark, text] = splitMark(textOf(current, entry.path));
  const { text: rest, kept } = takeFrom(text, entry.owned, entry.path);
  const empty = entry.before === null && ['', '{}'].includes(rest.trim());
  return { data: empty ? null : Buffer.from(mark + rest), exact: false, kept };
}

/** The byte order mark of some editors, and the text after it. */
function splitMark(text: string): [mark: string, text: string] {
  return text.startsWith('\ufeff') ? ['\ufeff', text.slice(1)] : ['', text];
}
