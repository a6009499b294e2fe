import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localMachine } from '../../mcp-server/src/adapters/machines/local.js';
import { createCurveShelf } from '../../mcp-server/src/engine/board/curves.js';
import { followLog } from '../../mcp-server/src/engine/board/log-lines.js';
import { progressOf } from '../../mcp-server/src/engine/board/progress.js';
import { createProjectReading } from '../../mcp-server/src/engine/board/reading.js';
import { rowOf } from '../../mcp-server/src/engine/board/row.js';
import { createVersions } from '../../mcp-server/src/engine/board/versions.js';
import { runView } from '../../mcp-server/src/engine/views/overview.js';
import { openCurveColumns } from '../../mcp-server/src/store/curve-columns.js';
import { appendLedger, readCampaign } from '../../mcp-server/src/store/ledger.js';
import { createLedgerTail } from '../../mcp-server/src/store/ledger-tail.js';
import { openProject } from '../../mcp-server/src/store/project.js';
import { readRun, readRuns, writeRun } from '../../mcp-server/src/store/runs.js';
import { fillProject } from '../support/filled.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'auto-experiment-board-'));
  writeFileSync(
    join(root, 'PROJECT_BRIEF.md'),
    '---\nmetric: val_acc\ndirection: maximize\n---\n# Goal\nBetter\n',
  );
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const NOW = Date.UTC(2026, 5, 1);
const never = new AbortController().signal;

/** What a reading from scratch gives. */
function anew() {
  const project = openProject(root);
  const { campaign, warnings } = readCampaign(project.paths.ledger);
  const found = readRuns(project.paths.runs);
  return {
    records: found.records,
    runs: found.records.map((record) => runView(project, campaign, record, NOW)),
    warnings: [...warnings, ...found.warnings],
    campaign,
  };
}

describe('a project that is read on', () => {
  it('is at each moment what a reading from scratch gives', async () => {
    fillProject(root, { runs: 16, confirmed: true, endings: { 5: 'oom' }, points: 4 });
    const ledger = join(root, 'workspace/ledger.jsonl');
    const lines = readFileSync(ledger, 'utf8').split('\n').filter(Boolean);
    // The ledger is played back in uneven pieces, once with a line that is torn and then whole.
    writeFileSync(ledger, '');
    const reading = createProjectReading(ledger);
    for (let at = 0; at < lines.length; ) {
      const part = lines.slice(at, at + 1 + (at % 7));
      at += part.length;
      const text = `${part.join('\n')}\n`;
      const cut = at % 3 === 0 ? Math.floor(text.length / 2) : text.length;
      for (const piece of [text.slice(0, cut), text.slice(cut)]) {
        appendFileSync(ledger, piece);
        const { touched: _, ...known } = await reading.read(openProject(root), NOW, never);
        expect(known).toEqual(anew());
      }
    }
  });

  it('tells which runs look different, also when a reading before ended early', async () => {
    fillProject(root, { runs: 6, points: 4 });
    const project = openProject(root);
    const reading = createProjectReading(project.paths.ledger);
    expect((await reading.read(project, NOW, never)).touched.size).toBe(6);
    expect((await reading.read(project, NOW, never)).touched.size).toBe(0);
    appendLedger(project.paths.ledger, {
      kind: 'withdraw',
      at: new Date(NOW).toISOString(),
      run: 'exp004',
      to: 'exp001',
      reason: 'it was luck',
    });
    const third = await reading.read(project, NOW, never);
    expect([...third.touched]).toEqual(['exp004']);
    expect(third.runs[3]).toMatchObject({ verdict: 'inconclusive', verdict_reason: 'it was luck' });
    appendLedger(project.paths.ledger, {
      kind: 'withdraw',
      at: new Date(NOW).toISOString(),
      run: 'exp002',
      to: 'exp001',
      reason: 'it was luck',
    });
    const broken = { ...project, paths: { ...project.paths, runs: project.paths.ledger } };
    await expect(reading.read(broken, NOW, never)).rejects.toThrow();
    expect([...(await reading.read(project, NOW, never)).touched]).toContain('exp002');
    renameSync(join(root, 'workspace/runs/exp006'), join(root, 'moved'));
    expect((await reading.read(project, NOW, never)).runs.map(({ id }) => id)).not.toContain('exp006');
  });

  it('reads a run’s file again while it is open, and after the ledger named it', async () => {
    fillProject(root, { runs: 2, points: 4 });
    const project = openProject(root);
    const { runs } = project.paths;
    writeRun(runs, {
      ...readRun(runs, 'exp002'),
      state: 'running',
      ended_at: null,
      ending: null,
      verdict: null,
      verdict_reason: null,
    });
    const reading = createProjectReading(project.paths.ledger);
    const titles = async () => (await reading.read(project, NOW, never)).runs.map(({ note }) => note);
    expect(await titles()).toEqual([null, null]);
    writeRun(runs, { ...readRun(runs, 'exp002'), note: 'suspended' });
    expect(await titles()).toEqual([null, 'suspended']);
    writeFileSync(join(runs, 'exp002/run.json'), '{');
    expect((await reading.read(project, NOW, never)).warnings.join()).toContain('exp002/run.json is damaged');
  });
});

describe('the tail of the ledger', () => {
  it('begins anew when the file was replaced or is gone, and names lines that it cannot read', () => {
    fillProject(root, { runs: 3, points: 4 });
    const path = join(root, 'workspace/ledger.jsonl');
    const tail = createLedgerTail(path);
    expect(tail.read().begun).toBe(true);
    expect(tail.read()).toEqual({ fresh: [], begun: false });
    appendFileSync(path, 'no record\n{"kind":"result"');
    tail.read();
    expect(tail.warnings()).toEqual(readCampaign(path).warnings);
    const text = readFileSync(path, 'utf8').split('\n').slice(0, 3).join('\n');
    rmSync(path);
    writeFileSync(path, text);
    expect(tail.read().begun).toBe(true);
    expect(tail.campaign()).toEqual(readCampaign(path).campaign);
    expect(tail.warnings()).toEqual([]);
    rmSync(path);
    expect(tail.read()).toEqual({ fresh: [], begun: true });
    expect(tail.campaign().runs.size).toBe(0);
  });
});

describe('rows and the picture', () => {
  it('draw what is confirmed at the mean of its fresh seeds, with its interval, and keep luck apart', () => {
    fillProject(root, { runs: 24, confirmed: true, points: 4, endings: { 11: 'failed' } });
    const { campaign, runs } = anew();
    const baseline = {
      run: 'exp001',
      title: '',
      value: 0.86,
      verdict: null,
      gain: null,
      interval: null,
      seeds: 1,
    };
    const metric = { name: 'val_acc', direction: 'maximize' as const, target: null };
    const rows = runs.map((run) => rowOf(run, { campaign, baseline, metric, gpus: [] }));
    const confirmed = rows.filter(({ sign }) => sign === 'confirmed');
    expect(confirmed.length).toBeGreaterThan(0);
    for (const row of confirmed) {
      expect(row.drawn).toBeLessThan(row.value ?? 0);
      expect(row.between?.[0]).toBeLessThan(row.drawn ?? 0);
      expect(row.between?.[1]).toBeGreaterThan(row.drawn ?? 0);
      expect(row.meanText).toMatch(/^mean of 5 seeds 0\.\d+$/);
    }
    expect(rows.filter(({ between, sign }) => between !== null && sign !== 'confirmed')).toEqual([]);
    expect(rows.find(({ id }) => id === 'exp011')).toMatchObject({
      sign: 'failed',
      value: null,
      valueText: 'unknown',
      gainText: '–',
    });
    expect(rows.find(({ id }) => id === 'exp004')).toMatchObject({ own: false, seedText: 'seed 1004' });
    const { confirmed: trusted, measured } = progressOf(rows, 'maximize');
    expect(trusted.map(([number]) => number)).toEqual([1, ...confirmed.map(({ number }) => number)]);
    expect(measured.at(-1)?.[1]).toBeGreaterThanOrEqual(trusted.at(-1)?.[1] ?? 0);
  });
});

describe('versions', () => {
  it('tell what changed since, and of a new reader nothing that is gone', () => {
    const pieces = createVersions();
    pieces.put('a', '1');
    pieces.put('b', '2');
    const then = pieces.version();
    pieces.put('a', '1');
    expect(pieces.since(then)).toEqual([]);
    pieces.put('a', '3');
    pieces.remove('b');
    expect(pieces.since(then)).toEqual([
      ['a', '3'],
      ['b', null],
    ]);
    expect(pieces.since(0)).toEqual([['a', '3']]);
  });
});

describe('curves', () => {
  const request = { metric: 'val_acc', by: 'step', from: null, to: null, columns: 100, smooth: 0 } as const;

  it('grow with their file, and begin anew when it is replaced', async () => {
    fillProject(root, { runs: 1, points: 10 });
    const project = openProject(root);
    const shelf = createCurveShelf();
    const count = async () => (await shelf.draw(project, { ...request, runs: ['exp001'] })).curves[0]?.points;
    const path = join(root, 'workspace/runs/exp001/metrics.jsonl');
    expect(await count()).toBe(10);
    const line = (step: number, value: unknown) =>
      `${JSON.stringify({ line: step, at: step, t: NOW, step, epoch: null, metrics: { val_acc: value } })}\n`;
    appendFileSync(path, line(11, 0.5) + line(12, 'NaN') + line(13, 0.5).slice(0, 20));
    expect(await count()).toBe(12);
    appendFileSync(path, line(13, 0.5).slice(20));
    const { curves } = await shelf.draw(project, { ...request, runs: ['exp001'] });
    expect(curves[0]?.raw.y.slice(-3)).toEqual([0.5, null, 0.5]);
    rmSync(path);
    writeFileSync(path, line(1, 0.1));
    expect(await count()).toBe(1);
  });

  it('of more points than there is room for keep the lowest, the highest, the last and the gaps', async () => {
    fillProject(root, { runs: 1, points: 1 });
    const path = join(root, 'workspace/runs/exp001/metrics.jsonl');
    const value = (step: number) =>
      step === 777 ? 9 : step === 778 ? 'NaN' : step === 5 ? -9 : Math.sin(step);
    const line = (step: number) =>
      `${JSON.stringify({ line: step, at: step, t: NOW, step, epoch: null, metrics: { val_acc: value(step) } })}\n`;
    writeFileSync(path, Array.from({ length: 5000 }, (_, index) => line(index + 1)).join(''));
    const columns = openCurveColumns(path, 'val_acc');
    await columns.read(300);
    const { x, y } = columns.points('step');
    expect(x.length).toBeLessThanOrEqual(300);
    expect([columns.seen(), columns.coarse()]).toEqual([5000, 300]);
    expect([...x]).toEqual(expect.arrayContaining([5, 777, 778, 5000]));
    expect([...x]).toEqual([...x].sort((a, b) => a - b));
    expect([y[x.indexOf(5)], y[x.indexOf(777)], y[x.indexOf(778)]]).toEqual([-9, 9, Number.NaN]);
  });

  it('of a metric that is in the log and in a structured file, the one that counts', async () => {
    fillProject(root, { runs: 1, points: 10 });
    const path = join(root, 'workspace/runs/exp001/metrics.jsonl');
    const line = (step: number) =>
      `${JSON.stringify({ line: step, at: step, t: NOW, step, epoch: null, metrics: { 'val/acc': 0.25 }, source: 'tb/events' })}\n`;
    appendFileSync(path, Array.from({ length: 12 }, (_, index) => line(index + 1)).join(''));
    const { curves } = await createCurveShelf().draw(openProject(root), { ...request, runs: ['exp001'] });
    expect(curves[0]?.points).toBe(12);
    expect(new Set(curves[0]?.raw.y)).toEqual(new Set([0.25]));
  });
});

describe('a log that is followed', () => {
  it('gives the end first, then what is new; a bar as it stands, and a new file from its beginning', async () => {
    const path = join(root, 'log');
    mkdirSync(join(root, 'workspace'), { recursive: true });
    const log = followLog({ machine: localMachine(), env: {} }, path, []);
    expect(await log.read()).toBeNull();
    writeFileSync(path, 'a\nb\n 10%|#\r 20%|##');
    expect(await log.read()).toEqual({ lines: ['a', 'b'], open: ' 20%|##', fresh: true });
    expect(await log.read()).toBeNull();
    appendFileSync(path, '\r 100%|####\nnext\n');
    expect(await log.read()).toEqual({ lines: [' 100%|####', 'next'], open: '', fresh: false });
    appendFileSync(path, `${'x'.repeat(99)}\n`.repeat(5000));
    const part = await log.read();
    expect(part?.lines[0]).toMatch(/^… \d+ KiB are not shown here$/);
    expect(part?.lines.at(-1)).toBe('x'.repeat(99));
    rmSync(path);
    writeFileSync(path, 'other\n');
    expect(await log.read()).toEqual({ lines: ['other'], open: '', fresh: true });
  });

  it('shows no value of a variable that holds a secret, whatever shape it has', async () => {
    const path = join(root, 'log');
    const env = { MY_TOKEN: 'no shape at all', LAB_DOOR: 'four blue horses' };
    const log = followLog({ machine: localMachine(), env }, path, ['LAB_*']);
    writeFileSync(path, 'epoch 1\nno shape at all\nfour blue\n  horses\nepoch 2\nno shape at all');
    expect(await log.read()).toEqual({
      lines: ['epoch 1', '[redacted]', '[redacted]', 'epoch 2'],
      open: '[redacted]',
      fresh: true,
    });
  });
});
