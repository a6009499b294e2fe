import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Json, makeProject, type TestProject } from '../support/project.js';

// The README’s first command: the shipped example, real training, to its end.

let place: string;
let project: TestProject;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'auto-experiment-demo-'));
  project = makeProject();
});
afterEach(async () => {
  await project.end();
  rmSync(place, { recursive: true, force: true });
});

describe('demo', () => {
  it('trains, judges, remembers and reports, without a model, a key or a GPU', async () => {
    const into = join(project.root, 'a folder', 'digits');
    const told = await project.json('demo', '--cycles', '6', '--into', into);
    expect(told.stopped).toBe('all 6 runs of the sweep are done (sweep.max_runs)');
    const own = told.runs.filter((run: Json) => run.replicate_of === null);
    expect(own).toHaveLength(6);
    // The baseline's other seeds, and those of at least one setting that looked better.
    expect(told.runs.length).toBeGreaterThan(8);
    expect(told.runs[0]).toMatchObject({ role: 'baseline', ending: 'succeeded', verdict: null });
    expect(told.runs.some((run: Json) => run.ending === 'diverged')).toBe(true);
    expect(Math.max(...own.map((run: Json) => run.primary.value ?? 0))).toBeGreaterThan(0.9);
    // Seeds are drawn anew each time: once in a long while the noise leaves no gain to confirm, and then nothing is claimed.
    const confirmed = own.filter((run: Json) => run.verdict === 'confirmed').map((run: Json) => run.id);
    expect(told.best.run).toBe(confirmed.at(-1) ?? told.baseline.run);
    expect(told.best.verdict).toBe(confirmed.length > 0 ? 'confirmed' : null);
    expect(told.best.seeds).toBeGreaterThanOrEqual(2);
    expect(own.some((run: Json) => run.verdict === 'unconfirmed')).toBe(false);

    const workspace = join(into, 'workspace');
    const memory = readFileSync(join(workspace, 'MEMORY_LOG.md'), 'utf8');
    expect(memory).toMatch(/^# Memory Log\n\n## Key Results\n\[\d\d-\d\d \d\d:\d\d\] Exp001: baseline/);
    expect(memory).toContain(`Exp${told.best.run.slice(3)}: `);
    expect(memory.length).toBeLessThanOrEqual(2000);
    const html = readFileSync(told.report, 'utf8');
    expect(html).toContain('<svg');
    expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
    expect(html).toContain(confirmed.length > 0 ? 'fresh seeds; the gain lies between' : 'Nothing is better');
    expect(existsSync(join(dirname(told.report), 'best-so-far.svg'))).toBe(true);

    const again = await project.run('demo', '--into', into);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toContain('exists already');
  });

  it('goes on where it was when the loop is started again', async () => {
    const into = join(project.root, 'digits');
    await project.json('demo', '--cycles', '2', '--into', into);
    const more = await project.run('run', '--project', into, '--max-cycles', '1', '--json');
    expect(more.code).toBe(0);
    const events = more.stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    expect(events[0]).toMatchObject({ event: 'begin' });
    expect(events.at(-1)).toMatchObject({
      event: 'stopped',
      reason: 'all 2 runs of the sweep are done (sweep.max_runs)',
    });
    const status = await project.json('status', '--project', into);
    expect(status).toMatchObject({
      cycle: 2,
      status: 'stopped: all 2 runs of the sweep are done (sweep.max_runs)',
    });
    expect(status.runs.filter((run: Json) => run.replicate_of === null)).toHaveLength(2);
  });
});
