import { z } from 'zod';
import { ordered, smoothed, type Thinned, thinned } from '../../core/chart/thin.js';
import { RUN_ID } from '../../core/run.js';
import { type CurveColumns, openCurveColumns } from '../../store/curve-columns.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import { readRun } from '../../store/runs.js';

/** Most curves of one picture. */
const MOST_CURVES = 40;
/** Columns stay in memory up to so many bytes; those that were not looked at for longest go first. */
const MOST_BYTES = 160 * 1024 * 1024;
/** Three numbers of 8 bytes, in memory that is up to twice as large as it must be. */
const POINT_BYTES = 48;
/** How long a picture waits for a long file, in milliseconds; then it shows what was read, and asks again. */
const PATIENCE_MS = 250;
const MOST_NAMES = 200;

/** What a picture of curves shows. */
export const CurveRequest = z.strictObject({
  runs: z.array(z.string().regex(RUN_ID)).min(1).max(MOST_CURVES),
  metric: z.string().min(1).max(400),
  by: z.enum(['step', 'time']).describe('time: seconds since the run began'),
  from: z.number().nullable().describe('null = from the beginning'),
  to: z.number().nullable(),
  columns: z.number().int().min(16).max(4000).describe('pixels of the picture'),
  smooth: z.number().min(0).max(0.9999).describe('weight of the past in the moving average; 0 = none'),
});
export type CurveRequest = z.output<typeof CurveRequest>;

export interface DrawnCurve {
  run: string;
  /** Of the whole curve. */
  points: number;
  raw: Thinned;
  /** Null without smoothing. */
  smooth: Thinned | null;
  /** The file is still being read: there will be more. */
  reading: boolean;
  /** It has more points than memory holds for so many curves: lowest and highest ones are kept. */
  coarse: boolean;
}

export interface DrawnCurves {
  curves: DrawnCurve[];
  /** Metrics that these runs have. */
  names: string[];
}

export interface CurveShelf {
  /** Throws LabError for an unknown run. */
  draw(project: Project, request: CurveRequest): Promise<DrawnCurves>;
  bytes(): number;
}

/** Keeps the columns of curves that were looked at, in bounded memory. */
export function createCurveShelf(): CurveShelf {
  const shelf = new Map<string, CurveColumns>();
  const bytes = (): number => [...shelf.values()].reduce((sum, one) => sum + one.bytes(), 0);

  const take = (path: string, metric: string, most: number): CurveColumns => {
    const key = `${path}\n${metric}`;
    const known = shelf.get(key);
    const coarse = known?.coarse() ?? null;
    // There is room for more of its points than when it was read.
    const columns =
      known === undefined || (coarse !== null && coarse < most) ? openCurveColumns(path, metric) : known;
    // To the end: the first ones are those that were not looked at for longest.
    shelf.delete(key);
    shelf.set(key, columns);
    return columns;
  };

  const shrink = (keep: ReadonlySet<CurveColumns>): void => {
    let total = bytes();
    for (const [key, columns] of shelf) {
      if (total <= MOST_BYTES) return;
      if (keep.has(columns)) continue;
      total -= columns.bytes();
      shelf.delete(key);
    }
  };

  return {
    bytes,
    async draw(project, request) {
      const { runs } = project.paths;
      const records = request.runs.map((id) => readRun(runs, id));
      const most = Math.floor(MOST_BYTES / POINT_BYTES / records.length);
      const open = records.map(({ id }) => take(runPaths(runs, id).metrics, request.metric, most));
      const done = new Set<CurveColumns>();
      // One file after the other: of many long ones the first are whole soonest.
      const reading = (async () => {
        for (const columns of open) {
          await columns.read(most);
          done.add(columns);
        }
      })();
      await within(reading, PATIENCE_MS);
      shrink(new Set(open));
      const curves: DrawnCurve[] = [];
      for (const [index, record] of records.entries()) {
        const columns = open[index];
        if (columns === undefined) continue;
        const begin = record.started_at === null ? null : Date.parse(record.started_at);
        curves.push({ run: record.id, ...drawn(columns, request, begin), reading: !done.has(columns) });
        // Millions of points are smoothed in one go: others get their turn between curves.
        if (columns.seen() > 100_000) await new Promise((next) => setImmediate(next));
      }
      const names = new Set(records.flatMap(({ metrics }) => Object.keys(metrics)));
      return { curves, names: [...names].slice(0, MOST_NAMES) };
    },
  };
}

function drawn(
  columns: CurveColumns,
  request: CurveRequest,
  begin: number | null,
): Omit<DrawnCurve, 'run' | 'reading'> {
  const { by, smooth } = request;
  const { x, y } = columns.points(by);
  const since = by === 'time' ? (begin ?? x[0] ?? 0) : 0;
  const points = ordered({ x: by === 'time' ? x.map((t) => (t - since) / 1000) : x, y });
  const stretch = { from: request.from ?? -Infinity, to: request.to ?? Infinity, columns: request.columns };
  return {
    points: columns.seen(),
    raw: thinned(points, stretch),
    smooth: smooth === 0 ? null : thinned({ x: points.x, y: smoothed(points.y, smooth) }, stretch),
    coarse: columns.coarse() !== null,
  };
}

/** Resolves with the work, or after `ms`; then the work goes on. Rejects as the work does. */
async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    // What fails later is met by the next request for the same file.
    work.catch(() => undefined);
  }
}
