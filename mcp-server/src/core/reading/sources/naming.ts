import { normalizeName, seriesName } from '../names.js';
import type { SourceKind } from './kinds.js';

/** Which source a metric's name belongs to. Plain JSON. */
export type Owners = Record<string, { group: string; kind: SourceKind }>;

const MAX_NAMES = 1000;
const VALIDATION = /(?:^|_)(?:val|valid|validation|eval|evaluation|dev)$/;
const TEST = /(?:^|_)(?:test|testing)$/;

const lastFolder = (group: string): string => group.slice(group.lastIndexOf('/') + 1);

/**
 * The name under which a metric of a source is kept; null when another kind of file has it already. The first source that
 * has a name keeps it; a second one of the same kind (another fold, another version) has its folder's name before it.
 */
export function nameIn(owners: Owners, kind: SourceKind, group: string, printed: string): string | null {
  const plain = kind === 'events' ? eventName(group, printed) : printed;
  for (const name of [
    plain,
    `${lastFolder(kind === 'csv' ? group.replace(/\/[^/]*$/, '') : group)}/${plain}`,
  ]) {
    const key = normalizeName(name);
    const owner = Object.hasOwn(owners, key) ? owners[key] : undefined;
    if (owner === undefined) {
      if (Object.keys(owners).length >= MAX_NAMES) return null;
      Object.defineProperty(owners, key, { value: { group, kind }, enumerable: true, configurable: true });
      return name;
    }
    if (owner.group === group) return name;
    if (owner.kind !== kind) return null;
  }
  return null;
}

/**
 * Event files name the split, or the curve of `add_scalars`, by their folder: Keras writes `epoch_loss` into `train` and
 * `validation`, torch's `add_scalars('Loss', {val: …})` writes `Loss` into `Loss_val`.
 */
function eventName(group: string, tag: string): string {
  const folder = lastFolder(group);
  const opening = `${tag.replaceAll('/', '_')}_`;
  if (folder.startsWith(opening) && folder.length > opening.length)
    return `${tag}/${folder.slice(opening.length)}`;
  const plain = normalizeName(folder);
  return seriesName(tag, VALIDATION.test(plain) ? 'val' : TEST.test(plain) ? 'test' : null);
}
