import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ProcessIdentity } from '../../mcp-server/src/core/process-identity.js';
import { selfIdentity } from '../../mcp-server/src/store/identity.js';
import {
  isLive,
  type LeaseClaim,
  leaseFolder,
  leaseGpus,
  readLeases,
  releaseLeases,
} from '../../mcp-server/src/store/leases.js';
import { childProgram, startChild } from '../support/child-program.js';

const root = mkdtempSync(join(tmpdir(), 'ae-leases-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folder = '';
let count = 0;
beforeEach(() => {
  count += 1;
  folder = join(root, `state-${count}`, 'leases');
});

const HOUR = 3_600_000;
const now = 1_800_000_000_000;
const dead: ProcessIdentity = { ...selfIdentity(), start: 'long ago' };
const notHeld = () => false;

function claim(run: string, over: Partial<LeaseClaim> = {}): LeaseClaim {
  return {
    project: '/projects/a',
    run,
    recordDir: `/projects/a/workspace/runs/${run}/record`,
    owner: selfIdentity(),
    at: now,
    ...over,
  };
}

function held(): Record<string, string | null> {
  return Object.fromEntries(readLeases(folder).map(({ uuid, lease }) => [uuid, lease?.run ?? null]));
}

describe('leaseGpus', () => {
  it('takes all or none', async () => {
    expect(await leaseGpus({ folder, uuids: ['GPU-b'], claim: claim('exp001'), isHeld: notHeld })).toEqual({
      leased: true,
    });
    const refused = await leaseGpus({
      folder,
      uuids: ['GPU-a', 'GPU-b'],
      claim: claim('exp002', { project: '/projects/b' }),
      isHeld: notHeld,
    });
    expect(refused).toEqual({
      leased: false,
      blockers: [{ uuid: 'GPU-b', at: now, lease: { uuid: 'GPU-b', ...claim('exp001') } }],
    });
    expect(held()).toEqual({ 'GPU-b': 'exp001' });
    expect(
      await leaseGpus({ folder, uuids: ['GPU-a', 'GPU-c'], claim: claim('exp002'), isHeld: notHeld }),
    ).toEqual({ leased: true });
    expect(held()).toEqual({ 'GPU-a': 'exp002', 'GPU-b': 'exp001', 'GPU-c': 'exp002' });
  });

  it('may take anew what the run has, as a restarted supervisor does', async () => {
    await leaseGpus({
      folder,
      uuids: ['GPU-a'],
      claim: claim('exp001', { owner: dead }),
      isHeld: () => true,
    });
    expect(await leaseGpus({ folder, uuids: ['GPU-a'], claim: claim('exp001'), isHeld: () => true })).toEqual(
      { leased: true },
    );
    expect(readLeases(folder)[0]?.lease?.owner).toEqual(selfIdentity());
  });

  it('tells runs of one name in two projects apart', async () => {
    await leaseGpus({ folder, uuids: ['GPU-a'], claim: claim('exp001'), isHeld: notHeld });
    const other = await leaseGpus({
      folder,
      uuids: ['GPU-a'],
      claim: claim('exp001', { project: '/projects/b' }),
      isHeld: notHeld,
    });
    expect(other.leased).toBe(false);
  });

  it('takes over from a dead owner only when its run has no process left', async () => {
    await leaseGpus({ folder, uuids: ['GPU-a'], claim: claim('exp001', { owner: dead }), isHeld: notHeld });
    const asked: string[] = [];
    const stillRuns = await leaseGpus({
      folder,
      uuids: ['GPU-a'],
      claim: claim('exp002'),
      isHeld: async (lease) => {
        asked.push(lease.recordDir);
        return true;
      },
    });
    expect(stillRuns.leased).toBe(false);
    expect(asked).toEqual(['/projects/a/workspace/runs/exp001/record']);
    expect(await leaseGpus({ folder, uuids: ['GPU-a'], claim: claim('exp002'), isHeld: notHeld })).toEqual({
      leased: true,
    });
    expect(held()).toEqual({ 'GPU-a': 'exp002' });
  });

  it('keeps a GPU whose lease cannot be read for an hour, then takes it over', async () => {
    mkdirSync(folder, { recursive: true });
    for (const text of ['', '{"uuid":"GPU-a"', '[]', '{"uuid":"GPU-other"}', '\0\0\0']) {
      writeFileSync(join(folder, 'GPU-a.json'), text);
      utimesSync(join(folder, 'GPU-a.json'), now / 1000, now / 1000);
      const entry = { uuid: 'GPU-a', lease: null, at: now };
      expect(readLeases(folder)).toEqual([entry]);
      const soon = await leaseGpus({
        folder,
        uuids: ['GPU-a'],
        claim: claim('exp002', { at: now + HOUR - 1 }),
        isHeld: notHeld,
      });
      expect(soon).toEqual({ leased: false, blockers: [entry] });
      expect(await isLive(entry, { now: now + HOUR, isHeld: () => true })).toBe(false);
    }
    const later = await leaseGpus({
      folder,
      uuids: ['GPU-a'],
      claim: claim('exp002', { at: now + HOUR }),
      isHeld: notHeld,
    });
    expect(later).toEqual({ leased: true });
  });

  it('keeps its files private, inside the folder, and leaves no other', async () => {
    await leaseGpus({ folder, uuids: ['../../evil', 'nvidia-0'], claim: claim('exp001'), isHeld: notHeld });
    expect(Object.keys(held()).sort()).toEqual(['../../evil', 'nvidia-0']);
    expect(readdirSync(folder)).toHaveLength(2);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
    expect(readdirSync(root)).not.toContain('evil.json');
  });

  it('takes nothing when the disk refuses', async () => {
    mkdirSync(join(folder, 'GPU-b.json', 'x'), { recursive: true });
    await expect(
      leaseGpus({ folder, uuids: ['GPU-a', 'GPU-b'], claim: claim('exp001'), isHeld: notHeld }),
    ).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(['GPU-b.json']);
  });
});

describe('releaseLeases', () => {
  it('gives back what the run holds, and only that', async () => {
    await leaseGpus({ folder, uuids: ['GPU-a', 'GPU-b'], claim: claim('exp001'), isHeld: notHeld });
    await leaseGpus({
      folder,
      uuids: ['GPU-c'],
      claim: claim('exp001', { project: '/projects/b' }),
      isHeld: notHeld,
    });
    writeFileSync(join(folder, 'GPU-d.json'), 'broken');
    expect(await releaseLeases({ folder, project: '/projects/a', run: 'exp001' })).toEqual([
      'GPU-a',
      'GPU-b',
    ]);
    expect(held()).toEqual({ 'GPU-c': 'exp001', 'GPU-d': null });
    expect(await releaseLeases({ folder, project: '/projects/a', run: 'exp001' })).toEqual([]);
  });

  it('has nothing to give back where there never was a lease', async () => {
    expect(await releaseLeases({ folder, project: '/projects/a', run: 'exp001' })).toEqual([]);
    expect(readLeases(folder)).toEqual([]);
  });
});

describe('leaseFolder', () => {
  it('is the same for every process of a user, whatever its session has set', () => {
    expect(leaseFolder({ AUTO_EXPERIMENT_STATE_DIR: '/x' })).toBe('/x/leases');
    expect(leaseFolder({ XDG_RUNTIME_DIR: root, HOME: '/h' })).toBe('/h/.local/state/auto-experiment/leases');
    expect(leaseFolder({})).toBe(join(homedir(), '.local/state/auto-experiment/leases'));
  });
});

/**
 * Races for the GPUs of one round after the other and says what it won. Half of them want a and b, half b and c. It
 * stays alive to the end, so that what it won counts.
 */
const RACER = `
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { selfIdentity } from './mcp-server/src/store/identity.js';
import { leaseGpus } from './mcp-server/src/store/leases.js';
const [root = '', me = '0'] = process.argv.slice(2);
const uuids = Number(me) % 2 === 0 ? ['GPU-a', 'GPU-b'] : ['GPU-c', 'GPU-b'];
console.log('ready');
for await (const round of createInterface({ input: process.stdin })) {
  const claim = { project: '/projects/' + me, run: 'exp001', recordDir: '/x', owner: selfIdentity(), at: 1 };
  const answer = await leaseGpus({ folder: join(root, round), uuids, claim, isHeld: () => false });
  console.log(JSON.stringify(answer.leased));
}
`;

describe('racing processes', () => {
  let program: Awaited<ReturnType<typeof childProgram>>;
  beforeAll(async () => {
    program = await childProgram(RACER);
  });
  afterAll(() => program.remove());

  it('have exactly one winner, also over a dead owner’s lease', async () => {
    const races = join(root, 'races');
    const racers = Array.from({ length: 8 }, (_, me) => startChild(program.path, [races, String(me)]));
    for (const racer of racers) expect(await racer.line()).toBe('ready');
    for (let round = 0; round < 25; round += 1) {
      const ground = join(races, String(round));
      if (round % 2 === 1) {
        mkdirSync(ground, { recursive: true });
        writeFileSync(
          join(ground, 'GPU-b.json'),
          JSON.stringify({ uuid: 'GPU-b', ...claim('exp009', { owner: dead }) }),
        );
      }
      for (const racer of racers) racer.process.stdin.write(`${round}\n`);
      const won = await Promise.all(racers.map(async (racer) => (await racer.line()) === 'true'));
      expect(won.filter(Boolean)).toHaveLength(1);
      const winner = won.indexOf(true);
      const owners = readLeases(ground).map(({ uuid, lease }) => [uuid, lease?.project]);
      const expected = winner % 2 === 0 ? ['GPU-a', 'GPU-b'] : ['GPU-b', 'GPU-c'];
      expect(owners).toEqual(expected.map((uuid) => [uuid, `/projects/${winner}`]));
      expect(JSON.parse(readFileSync(join(ground, 'GPU-b.json'), 'utf8')).owner.pid).toBe(
        racers[winner]?.pid,
      );
    }
    for (const racer of racers) racer.process.stdin.end();
    await Promise.all(racers.map((racer) => racer.ended));
  });
});
