import { appendFileSync, mkdirSync } from 'node:fs';
import type { LedgerRecord } from '../../mcp-server/src/core/ledger.js';
import type { LoggedRecord } from '../../mcp-server/src/core/metric.js';
import type { Place } from '../../mcp-server/src/core/place.js';
import { type Ending, runId } from '../../mcp-server/src/core/run.js';
import { queuedRun, type RunRecord } from '../../mcp-server/src/core/run-record.js';
import { appendLedger } from '../../mcp-server/src/store/ledger.js';
import { appendMetrics } from '../../mcp-server/src/store/metrics.js';
import { projectPaths, runPaths } from '../../mcp-server/src/store/paths.js';
import { writeMark } from '../../mcp-server/src/store/records.js';
import { createRun, writeRun } from '../../mcp-server/src/store/runs.js';

const MINUTE = 60_000;

export interface Filling {
  runs: number;
  /** Milliseconds since 1970, when the first run began. */
  begin?: number;
  metric?: string;
  /** By the number of the run. */
  endings?: Record<number, Ending>;
  titles?: Record<number, string>;
  logs?: Record<number, string>;
  /** Records of each run’s curve. */
  points?: number;
  /** Adds confirmed gains with intervals, on other seeds. */
  confirmed?: boolean;
  /** The last run has not ended, and is on this machine, of which nothing can be learned. */
  away?: Place;
}

/** Writes a campaign as the program would have written it. No process is started. */
export function fillProject(root: string, filling: Filling): void {
  const paths = projectPaths(root, 'PROJECT_BRIEF.md', 'workspace');
  mkdirSync(paths.runs, { recursive: true });
  const { metric = 'val_acc', begin = Date.UTC(2026, 2, 4, 1), points = 40 } = filling;
  const noise = (index: number) => Math.sin(index * 12.9898) * Math.sin(index * 4.1);
  let best = 0.86;
  let champion = 'exp001';
  const write = (record: LedgerRecord): void => appendLedger(paths.ledger, record);
  for (let number = 1; number <= filling.runs; number++) {
    const id = runId(number);
    const at = begin + (number - 1) * 20 * MINUTE;
    const over = at + 18 * MINUTE;
    const iso = (time: number) => new Date(time).toISOString();
    const ending = filling.endings?.[number] ?? 'succeeded';
    const isOpen = filling.away !== undefined && number === filling.runs;
    const repeats = filling.confirmed === true && number > 1 && number % 6 >= 4;
    const trend = 0.86 + 0.05 * (1 - Math.exp(-number / 60));
    const value = number === 1 ? 0.86 : Number((trend + 0.03 * noise(number)).toFixed(4));
    const title =
      filling.titles?.[number] ??
      (number === 1
        ? 'baseline: the unchanged command'
        : `lr=${(0.001 * (1 + (number % 9))).toFixed(3)} hidden=${32 * (1 + (number % 5))}`);
    const command = [
      'python3',
      'train.py',
      '--lr',
      String(0.001 * (1 + (number % 9))),
      '--hidden',
      String(32 * (1 + (number % 5))),
    ];
    const record = recordOf(paths.root, {
      id,
      title,
      command,
      metric,
      at: iso(at),
      number,
      arm: repeats ? champion : null,
    });
    createRun(paths.runs, isOpen ? { ...record, place: filling.away ?? null } : record, {});
    const files = runPaths(paths.runs, id);
    appendFileSync(files.log, filling.logs?.[number] ?? logOf(metric, value, points));
    const curve = curveOf(metric, value, points);
    // Read in four goes, a while apart.
    const part = Math.ceil(points / 4);
    for (let go = 0; go < 4; go++)
      appendMetrics(files.metrics, curve.slice(go * part, (go + 1) * part), at + (go + 1) * 4 * MINUTE);
    const role = number === 1 ? 'baseline' : 'candidate';
    write({
      kind: 'launch',
      at: iso(at),
      run: id,
      plan: null,
      role,
      title,
      command,
      code: null,
      seed: 1000 + number,
      ...(repeats ? { replicate: { arm: champion, kind: 'champion' } } : {}),
    });
    write({ kind: 'start', at: iso(at), run: id, gpus: [] });
    const lived: RunRecord = {
      ...record,
      started_at: iso(at),
      metrics: {
        train_loss: { last: 0.2, best: 0.19, step: points },
        [metric]: { last: value, best: value, step: points },
      },
      progress: { step: points, epoch: null, total: points },
    };
    if (isOpen) {
      writeMark(files.record, 'started', { pid: process.pid, start: 1, boot: 'x', t: at });
      writeRun(paths.runs, {
        ...lived,
        state: 'running',
        value,
        place: filling.away ?? null,
        progress: { step: 24, epoch: null, total: points },
      });
      continue;
    }
    const good = ending === 'succeeded';
    const evidence = good
      ? ['exit code 0']
      : ending === 'oom'
        ? ['torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB', 'exit code 1']
        : [`it ended as ${ending}`];
    write({
      kind: 'end',
      at: iso(over),
      run: id,
      ending,
      exit_code: good ? 0 : 1,
      signal: null,
      evidence,
      duration_s: 1080,
      gpu_hours: 0.3,
      metric,
      direction: 'maximize',
      value: good ? value : null,
    });
    const better = good && !repeats && value > best + 0.004;
    const isConfirmed = better && filling.confirmed === true && number % 3 === 0;
    const gain = value - 0.86;
    const status =
      number === 1 ? null : !good ? 'crash' : isConfirmed ? 'confirmed' : better ? 'unconfirmed' : 'rejected';
    const reason =
      number === 1
        ? `baseline: ${metric} 0.86`
        : !good
          ? `${ending}: ${evidence[0]}`
          : isConfirmed
            ? 'confirmed on 5 fresh seeds against 6 of the best so far'
            : better
              ? 'unconfirmed gain on one seed'
              : 'not better than the best so far';
    if (!repeats) {
      write({
        kind: 'verdict',
        at: iso(over),
        run: id,
        status,
        reason,
        kept: better,
        value: good ? (isConfirmed ? value - 0.004 : value) : null,
        gain: number === 1 || !good ? null : isConfirmed ? gain - 0.004 : gain,
        ...(isConfirmed
          ? { interval: [gain - 0.012, gain + 0.004] satisfies [number, number], seeds: 5 }
          : {}),
      });
      write({
        kind: 'decision',
        at: iso(over),
        run: id,
        text: `${id} (${title}) ${better ? 'kept as the best so far' : 'not kept'}: ${reason}`,
      });
    }
    if (better) [best, champion] = [value, id];
    writeRun(paths.runs, {
      ...lived,
      state: 'ended',
      ending,
      exit_code: good ? 0 : 1,
      ended_at: iso(over),
      evidence,
      value: good ? value : null,
      verdict: status,
      verdict_reason: reason,
    });
  }
}

function curveOf(metric: string, value: number, points: number): LoggedRecord[] {
  return Array.from({ length: points }, (_, index) => {
    const step = index + 1;
    return {
      line: step,
      at: step * 60,
      step,
      epoch: null,
      metrics: {
        train_loss: 2 / (1 + step / 4) + 0.05 * Math.sin(step * 7.7),
        [metric]: value * (1 - Math.exp(-step / (points / 5))) + 0.004 * Math.sin(step * 3.3),
      },
    };
  });
}

function logOf(metric: string, value: number, points: number): string {
  const lines = Array.from(
    { length: points },
    (_, index) =>
      `step ${index + 1}/${points} train_loss=${(2 / (1 + index / 4)).toFixed(4)} ${metric}=${(value * (1 - Math.exp(-index / 8))).toFixed(4)}`,
  );
  return `${lines.join('\n')}\n`;
}

function recordOf(
  cwd: string,
  {
    id,
    title,
    command,
    metric,
    at,
    number,
    arm,
  }: {
    id: string;
    title: string;
    command: string[];
    metric: string;
    at: string;
    number: number;
    arm: string | null;
  },
): RunRecord {
  return queuedRun({
    id,
    title,
    role: number === 1 ? 'baseline' : 'candidate',
    plan: null,
    command,
    cwd,
    host: 'gpu-box',
    place: null,
    slurm: null,
    marker: `${id}@test`,
    gpus_wanted: 'auto',
    gpus_allowed: null,
    pass_env: [],
    withheld: [],
    code: null,
    seed: 1000 + number,
    template: null,
    seed_env: null,
    replicate: arm === null ? null : { arm, kind: 'champion' },
    lines: null,
    key: null,
    limits: {
      time_limit: null,
      stall_timeout: 'auto',
      stop_grace: 30,
      survivor_grace: 30,
      stop_rules: [],
      tracked_metrics: [],
    },
    primary: { name: metric, direction: 'maximize', mode: 'best' },
    created_at: at,
  });
}
