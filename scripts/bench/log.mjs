// Following a log: does its size matter?
import { appendFileSync, closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { figure, inTurn, median, p95, READ_ALL, run, worker } from './measure.mjs';
import { openPlace } from './place.mjs';

const MB = 1e6;
const GB = 1000 * MB;
const TIMES = 5;
const NEW_LINES = 20;
export async function logBench({ program, quick }) {
  const place = await openPlace(program);
  try {
    const free = statfsSync(place.folder).bavail * statfsSync(place.folder).bsize;
    // The log, what was read of it, and room for others.
    const large = quick ? 64 * MB : free > 4 * GB ? GB : 256 * MB;
    const note =
      large === GB
        ? null
        : quick
          ? '64 MB instead of 1 GB (--quick)'
          : '256 MB instead of 1 GB: the disk is too full';
    const small = await measured(place, 'small', MB, '1 MB');
    return [
      ...small.figures,
      ...(await measured(place, 'large', large, note === null ? '1 GB' : `${large / MB} MB`, note, small))
        .figures,
    ];
  } finally {
    await place.close();
  }
}

async function measured(place, name, size, words, note = null, small = null) {
  const { dir, project } = place.project(name);
  const { record, files } = runWithLog(place, project, size);
  try {
    const act = (what) => worker(place, 'log-worker.mjs', dir, record.id, what);
    const caught = await act('catch-up');
    // A process of its own, that goes on where the first has stopped, as after a restart.
    const polls = await act('poll');
    const [python, tail] = await inTurn(TIMES, [
      async () => (await run([place.python, '-c', READ_ALL, files.log])).out.split(' ').map(Number),
      async () =>
        (await run(place.cli('logs', record.id, '--lines', '50', '--project', dir), { env: place.env })).ms,
    ]);
    const whole = {
      reference: median(python.map(([ms]) => ms)),
      against: 'python3: read_text().splitlines()[-50:], same file',
    };
    const more = note === null ? {} : { note };
    const figures = [
      figure(`${words}: a poll with ${NEW_LINES} new lines, p50`, median(polls.busy), 'ms', {
        ...whole,
        ...more,
        samples: polls.busy.length,
      }),
      figure(`${words}: a poll with ${NEW_LINES} new lines, p95`, p95(polls.busy), 'ms', {
        ...whole,
        samples: polls.busy.length,
      }),
      figure(`${words}: a poll with nothing new, p50`, median(polls.idle), 'ms', {
        ...whole,
        samples: polls.idle.length,
      }),
      figure(`${words}: opening where another left it`, polls.open, 'ms', whole),
      figure(`${words}: memory after the polls`, polls.rssAfter, 'MiB', {
        reference: polls.rssBefore,
        against: 'the same process before them',
      }),
      figure(`${words}: peak memory while reading all of it once`, caught.peak, 'MiB', {
        reference: python[0][1],
        against: 'python3: peak of the process',
      }),
      figure(`${words}: reading all of it once`, caught.ms, 'ms', {
        ...whole,
        note: `${(size / MB / (caught.ms / 1000)).toFixed(0)} MB/s, every metric kept`,
      }),
      figure(`${words}: logs --lines 50, whole command`, median(tail), 'ms', { ...whole, samples: TIMES }),
    ];
    if (small !== null) {
      const against = 'the same at 1 MB';
      figures.push(
        figure(`${words}: a poll with ${NEW_LINES} new lines, p50`, median(polls.busy), 'ms', {
          reference: median(small.polls.busy),
          against,
        }),
      );
      figures.push(
        figure(`${words}: a poll with nothing new, p50`, median(polls.idle), 'ms', {
          reference: median(small.polls.idle),
          against,
        }),
      );
    }
    return { figures, polls };
  } finally {
    rmSync(files.dir, { recursive: true, force: true });
  }
}

/** A run that goes on, with a log of this size: every tenth line tells metrics, the others are talk. */
function runWithLog({ engine }, project, size) {
  const record = engine.RunRecord.parse({
    id: 'exp001',
    state: 'running',
    title: 'long log',
    role: 'baseline',
    plan: null,
    command: ['true'],
    cwd: project.paths.root,
    host: 'bench',
    marker: 'exp001@bench',
    gpus_wanted: 0,
    pass_env: [],
    withheld: [],
    code: null,
    limits: {
      time_limit: null,
      stall_timeout: 'off',
      stop_grace: 60,
      survivor_grace: 60,
      stop_rules: [],
      tracked_metrics: [],
    },
    primary: { name: 'val_acc', direction: 'maximize', mode: 'best' },
    created_at: new Date(0).toISOString(),
    started_at: null,
    ended_at: null,
    gpus: [],
    ending: null,
    exit_code: null,
    signal: null,
    evidence: [],
    metrics: {},
    value: null,
    progress: null,
    note: null,
    verdict: null,
    verdict_reason: null,
  });
  mkdirSync(project.paths.runs, { recursive: true });
  engine.createRun(project.paths.runs, record, {});
  const files = engine.runPaths(project.paths.runs, record.id);
  const fd = openSync(files.log, 'a');
  try {
    let step = 0;
    for (let written = 0; written < size; ) {
      let block = '';
      for (const target = Math.min(4 * MB, size - written); block.length < target; step++)
        block += logLine(step);
      written += writeSync(fd, block);
    }
  } finally {
    closeSync(fd);
  }
  return { record, files };
}

function logLine(step) {
  if (step % 10 === 0)
    return `step ${step}/100000000 train_loss ${(2 / (1 + step / 1000)).toFixed(5)} val_acc ${(1 - 1 / (2 + step / 1000)).toFixed(4)} lr 3.0e-04\n`;
  return `[worker ${step % 8}] loaded shard data/train-${String(step % 512).padStart(5, '0')}-of-00512.tar in ${(step % 97) / 100}s\n`;
}

export const newLines = (from) =>
  Array.from({ length: NEW_LINES }, (_, index) => logLine(10 * (from + index))).join('');
export const append = (path, text) => appendFileSync(path, text);
