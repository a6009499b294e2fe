import { parse, resolve } from 'node:path';
import type { MetricRecord } from '../core/metric.js';
import type { Machine } from '../core/ports.js';
import { groupOf, HEAD, isOfKind, kindByName } from '../core/reading/sources/kinds.js';
import { nameIn, type Owners } from '../core/reading/sources/naming.js';
import { type Candidate, createCandidates, lookAtFile } from '../store/candidates.js';
import { openSourceFile } from './runs/source-file.js';

export interface StructuredRecord extends MetricRecord {
  /** The file, below the folder that was asked for. */
  source: string;
}

export interface StructuredResult {
  files: number;
  damaged: number;
}

type Reads = Pick<Machine, 'readFrom'>;

/** Reads one structured file. False, and nothing is seen, when it is none: then it is a log. */
export async function readStructuredFile(
  machine: Reads,
  path: string,
  see: (record: MetricRecord) => void,
): Promise<StructuredResult | null> {
  const at = resolve(path);
  // With the whole path, because the folders above may tell what it is (mlruns/…/metrics/NAME).
  const root = parse(at).root;
  const kind = kindByName(at);
  const found = kind === null ? null : lookAtFile(root, at, kind);
  if (kind === null || found === null) return null;
  const head = await machine.readFrom(at, 0, HEAD);
  if (head === null || isOfKind(kind, at, head.bytes) === false) return null;
  const file = openSourceFile(machine, root, found, { skip: 0, seen: 0 });
  for (const record of await file.read(found, true)) see(record);
  return { files: 1, damaged: file.damaged() };
}

/** Reads all structured files below a folder, under the names that tell them apart. */
export async function readStructuredFolder(
  machine: Reads,
  folder: string,
  now: number,
  see: (record: StructuredRecord) => void,
): Promise<StructuredResult> {
  const root = resolve(folder);
  const owners: Owners = {};
  const given = new Map<string, number>();
  const result = { files: 0, damaged: 0 };
  const files: Candidate[] = createCandidates(root, '', root).scan(now).files;
  for (const found of files.sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const { kind, path } = found;
    const file = openSourceFile(machine, root, found, { skip: 0, seen: 0 });
    const group = groupOf(kind, path);
    const records = await file.read(found, true);
    if (records.length > 0) result.files += 1;
    result.damaged += file.damaged();
    for (const one of records) {
      // The checkpoints of one training hold the same history.
      if (kind === 'trainer-state' && one.line <= (given.get(group) ?? 0)) continue;
      given.set(group, one.line);
      const named = Object.entries(one.metrics).flatMap(([printed, value]) => {
        const name = nameIn(owners, kind, group, printed);
        return name === null ? [] : [[name, value] as const];
      });
      if (named.length > 0) see({ ...one, metrics: Object.fromEntries(named), source: path });
    }
  }
  return result;
}
