import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { errorCode } from '../core/errors.js';
import { GpuLease } from '../core/gpus/lease.js';
import type { ProcessIdentity } from '../core/process-identity.js';
import { readTextIfThere, writeAtomic } from './files.js';
import { isAlive } from './identity.js';
import { withLock } from './lock.js';

/**
 * How long (ms) a lease file that cannot be read keeps its GPU. Files are replaced whole, so this takes a damaged disk
 * or a newer version of this program. An hour outlasts the start of any training; from then on the GPU itself shows
 * that it is in use, and `chooseGpus` does not offer it.
 */
const UNREADABLE_HELD_MS = 60 * 60 * 1000;

export interface LeaseClaim {
  /** Absolute path of the project. */
  project: string;
  run: string;
  recordDir: string;
  owner: ProcessIdentity;
  /** Now, milliseconds since 1970. */
  at: number;
}

/** A lease file: `lease` is null when it cannot be read, and `at` is then when it was written. */
export interface LeaseEntry {
  uuid: string;
  lease: GpuLease | null;
  at: number;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Folder of what this user's projects share on this host: `$AUTO_EXPERIMENT_STATE_DIR`, else
 * `~/.local/state/auto-experiment`. Not `$XDG_RUNTIME_DIR`: it is absent in cron jobs and stripped environments and
 * vanishes at logout, and two processes of one user must never look at two different folders.
 */
export function stateFolder(env: Env): string {
  const own = env.AUTO_EXPERIMENT_STATE_DIR;
  if (own !== undefined && own !== '') return resolve(own);
  return join(env.HOME || homedir(), '.local', 'state', 'auto-experiment');
}

/** Makes the folder, so that its changes can be watched. */
export function ensureLeases(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

/** Folder of the GPU leases, one `<uuid>.json` each. */
export function leaseFolder(env: Env): string {
  return join(stateFolder(env), 'leases');
}

/**
 * Takes all of these GPUs for a run, or none and says which leases are in the way. A lease is live while the process
 * that took it lives, or while `isHeld` says that its run still has processes; a dead one is taken over. A run may take
 * anew what it has. Throws the system's error when the disk refuses, and then nothing is taken.
 */
export async function leaseGpus(request: {
  folder: string;
  uuids: readonly string[];
  claim: LeaseClaim;
  isHeld: (lease: GpuLease) => boolean | Promise<boolean>;
  signal?: AbortSignal | undefined;
}): Promise<{ leased: true } | { leased: false; blockers: LeaseEntry[] }> {
  const { folder, uuids, claim, isHeld, signal } = request;
  ensureLeases(folder);
  return withLock(
    lockName(folder),
    async () => {
      const there = uuids.flatMap((uuid) => readEntry(folder, fileOf(uuid)) ?? []);
      const blockers: LeaseEntry[] = [];
      for (const entry of there) {
        if (!isOf(entry, claim) && (await isLive(entry, { now: claim.at, isHeld }))) blockers.push(entry);
      }
      if (blockers.length > 0) return { leased: false, blockers };
      const kept = there.filter((entry) => isOf(entry, claim)).map((entry) => entry.uuid);
      writeAll(folder, uuids, claim, kept);
      return { leased: true };
    },
    { about: `leasing GPUs for ${claim.run} of ${claim.project}`, signal },
  );
}

/** Gives back what this run holds, and only that. Returns the UUIDs given back. */
export async function releaseLeases(request: {
  folder: string;
  project: string;
  run: string;
  signal?: AbortSignal | undefined;
}): Promise<string[]> {
  const { folder, signal } = request;
  if (readLeases(folder).every((entry) => !isOf(entry, request))) return [];
  return withLock(
    lockName(folder),
    () => {
      const own = readLeases(folder).filter((entry) => isOf(entry, request));
      for (const { uuid } of own) rmSync(join(folder, fileOf(uuid)), { force: true });
      return own.map((entry) => entry.uuid);
    },
    { about: `giving back the GPUs of ${request.run} of ${request.project}`, signal },
  );
}

/** All lease files, live or not, by UUID. Needs no lock: each file is replaced whole. */
export function readLeases(folder: string): LeaseEntry[] {
  const names = namesIn(folder).filter((name) => name.endsWith('.json') && !name.startsWith('.'));
  return names.sort().flatMap((name) => readEntry(folder, name) ?? []);
}

/** Whether a lease still counts. */
export async function isLive(
  entry: LeaseEntry,
  { now, isHeld }: { now: number; isHeld: (lease: GpuLease) => boolean | Promise<boolean> },
): Promise<boolean> {
  if (entry.lease === null) return now - entry.at < UNREADABLE_HELD_MS;
  return isAlive(entry.lease.owner) || (await isHeld(entry.lease));
}

/** On an error the new ones are taken back; `kept` are those that the run had before. */
function writeAll(
  folder: string,
  uuids: readonly string[],
  claim: LeaseClaim,
  kept: readonly string[],
): void {
  const written: string[] = [];
  try {
    for (const uuid of uuids) {
      const { project, run, recordDir, owner, at } = claim;
      const lease: GpuLease = { uuid, project, run, recordDir, owner, at };
      const path = join(folder, fileOf(uuid));
      writeAtomic(path, `${JSON.stringify(lease)}\n`, { mode: 0o600 });
      if (!kept.includes(uuid)) written.push(path);
    }
  } catch (error) {
    for (const path of written) rmSync(path, { force: true });
    throw error;
  }
}

function isOf(entry: LeaseEntry, { project, run }: Pick<LeaseClaim, 'project' | 'run'>): boolean {
  return entry.lease?.project === project && entry.lease.run === run;
}

function readEntry(folder: string, name: string): LeaseEntry | null {
  const path = join(folder, name);
  const text = readTextIfThere(path);
  if (text === null) return null;
  const lease = parseLease(text);
  if (lease !== null && fileOf(lease.uuid) === name) return { uuid: lease.uuid, lease, at: lease.at };
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? null : { uuid: name.slice(0, -'.json'.length), lease: null, at: stat.mtimeMs };
}

function parseLease(text: string): GpuLease | null {
  try {
    return GpuLease.safeParse(JSON.parse(text)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** UUIDs are plain letters, digits and dashes; anything else is kept from leaving the folder. */
function fileOf(uuid: string): string {
  return `${uuid.replace(/[^A-Za-z0-9-]/g, '_')}.json`;
}

function lockName(folder: string): string {
  return `leases:${resolve(folder)}`;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
