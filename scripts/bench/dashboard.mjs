// The dashboard with 5,000 runs and 10⁶ points, and one curve of 10⁶ points: first data, updates, memory. Beside it, in the same
// run, TensorBoard on the same numbers, where AUTO_EXPERIMENT_BENCH_TENSORBOARD names a Python that has it.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTensorBoard } from './dashboard-tensorboard.mjs';
import { fillProject } from './fill.mjs';
import { cpuSeconds, figure, median, rssMb, sleep, until } from './measure.mjs';
import { openPlace } from './place.mjs';

const RUNS = 5000;
const POINTS = 200;
const LONG = 1_000_000;
const IDLE_S = 20;
const TIMES = 5;
const CHROMIUM = '/usr/bin/chromium';

export async function dashboardBench({ program, quick }) {
  const place = await openPlace(program);
  const started = [];
  try {
    const runs = quick ? RUNS / 10 : RUNS;
    const { dir, project } = place.project('long', 'gpu: {auto_detect: false}\n');
    fillProject(place.engine, { project }, runs, 0, POINTS);
    const ours = await measureOurs(place, { dir, project, runs, quick, started });
    for (const child of started.splice(0)) child.kill('SIGTERM');
    const python = process.env.AUTO_EXPERIMENT_BENCH_TENSORBOARD;
    if (python === undefined) return ours;
    return [...ours, ...(await measureTheirs(place, { python, runs, started }))];
  } finally {
    for (const child of started) child.kill('SIGTERM');
    await place.close();
  }
}

async function measureOurs(place, { dir, project, runs, quick, started }) {
  const what = `${runs} runs, ${(runs * POINTS).toExponential(0)} points`;
  const raw = readAll(project.paths);
  const began = performance.now();
  const server = await startServer(place, dir);
  started.push(server.child);
  const cold = await firstData(server);
  const coldMs = cold.at - began;
  const warm = [];
  for (let time = 0; time < TIMES; time++) {
    const from = performance.now();
    warm.push((await firstData(server)).at - from);
  }
  const against = {
    reference: 1000 * raw,
    against: 'reading and JSON.parse of all run.json and the ledger, in process',
  };
  const figures = [
    figure(`${what}: from the start of the program to all of the first data`, coldMs, 'ms', against),
    figure(`${what}: to the same on a reload`, median(warm), 'ms', { ...against, samples: TIMES }),
    figure(`${what}: size of the first data`, cold.bytes / 1e6, 'MB'),
    ...(await updates(place, server, project)),
    ...(await painted(server, what)),
    ...(await curves(place, server, project, quick)),
    figure(`${what}: memory of the server after all of this`, rssMb(server.child.pid), 'MiB'),
  ];
  return figures;
}

async function startServer(place, dir) {
  const [node, ...args] = place.cli('dashboard', '--json', '--no-open', '--project', dir);
  const child = spawn(node, args, { env: place.env, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (part) => {
    out += part;
  });
  await until('the dashboard says where it is', () => out.includes('\n') || child.exitCode !== null);
  const url = new URL(JSON.parse(out).url);
  const headers = { authorization: `Bearer ${url.searchParams.get('token')}` };
  return { child, url, headers, ask: async (path) => (await fetch(url.origin + path, { headers })).text() };
}

/** When the first change has arrived whole, and how large it is. */
async function firstData({ url, headers }) {
  const stream = await openEvents({ url, headers });
  const at = await stream.next();
  stream.close();
  return at;
}

async function openEvents({ url, headers }) {
  const end = new AbortController();
  const response = await fetch(`${url.origin}/api/events?project=0`, { headers, signal: end.signal });
  const reader = response.body.getReader();
  let parts = [];
  return {
    /** The next change of the board or of runs. */
    async next() {
      for (;;) {
        const text = Buffer.concat(parts).toString('utf8');
        const whole = text.lastIndexOf('\n\n');
        const found = whole >= 0 && text.slice(0, whole).includes('event: change');
        if (found) {
          const bytes = Buffer.byteLength(text.slice(0, whole));
          parts = [Buffer.from(text.slice(whole + 2))];
          return { at: performance.now(), bytes };
        }
        const { value, done } = await reader.read();
        if (done) throw new Error('the stream ended');
        parts.push(value);
      }
    },
    close: () => end.abort(),
  };
}

/** One run of thousands gets another verdict: what a page is sent, and what that costs. */
async function updates({ engine }, server, project) {
  const stream = await openEvents(server);
  await stream.next();
  const times = [];
  const sizes = [];
  const { pid } = server.child;
  const busy = cpuSeconds(pid);
  for (let time = 0; time < TIMES; time++) {
    await sleep(600);
    const at = performance.now();
    engine.appendLedger(project.paths.ledger, {
      kind: 'decision',
      at: new Date().toISOString(),
      run: `exp${String(time + 10).padStart(3, '0')}`,
      text: `looked at again, ${time}`,
    });
    const got = await stream.next();
    times.push(got.at - at);
    sizes.push(got.bytes);
  }
  const cost = (cpuSeconds(pid) - busy) / TIMES;
  const before = cpuSeconds(pid);
  await sleep(1000 * IDLE_S);
  const idle = cpuSeconds(pid) - before;
  stream.close();
  return [
    figure('one change: from the write to the page', median(times), 'ms', {
      samples: TIMES,
      note: 'changes within 400 ms are told together',
    }),
    figure('one change: bytes sent', median(sizes), 'B', { samples: TIMES }),
    figure('one change: CPU of the server', 1000 * cost, 'ms', { samples: TIMES }),
    figure(`nothing changes, one page open: CPU of the server in ${IDLE_S} s`, 1000 * idle, 'ms'),
  ];
}

/** In a real browser, where there is one. */
async function painted({ url }, what) {
  if (!existsSync(CHROMIUM)) return [];
  return inBrowser(async (page) => {
    const from = performance.now();
    await page.goto(url.href);
    await page.locator('#run-table tbody tr').first().waitFor();
    const table = performance.now() - from;
    const { paint, heap } = await page.evaluate(() => ({
      paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
      heap: performance.memory.usedJSHeapSize / 1e6,
    }));
    const sort = await page.evaluate(async () => {
      const began = performance.now();
      document.querySelector('th[data-key="gain"] button').click();
      await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
      return performance.now() - began;
    });
    return [
      figure(`${what}: first contentful paint`, paint, 'ms'),
      figure(`${what}: from opening the page to the answer and the table`, table, 'ms'),
      figure(`${what}: sorting the table, until it is painted`, sort, 'ms'),
      figure(`${what}: memory of the page’s script`, heap, 'MB'),
    ];
  });
}

async function inBrowser(act) {
  const { chromium } = await import('playwright-core');
  const args = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--no-first-run',
    '--enable-precise-memory-info',
  ];
  const browser = await chromium.launch({ executablePath: CHROMIUM, args });
  try {
    return await act(await browser.newPage());
  } finally {
    await browser.close();
  }
}

/** Forty short curves, and a long one: until it is whole, drawn again, and a part of it finer. */
async function curves({ engine }, server, project, quick) {
  const draw = async (of) => {
    const whole = { metric: 'train_loss', by: 'step', from: null, to: null, columns: 500, smooth: 0, ...of };
    const began = performance.now();
    const answer = JSON.parse(
      await server.ask(`/api/curves?project=0&of=${encodeURIComponent(JSON.stringify(whole))}`),
    );
    return { ms: performance.now() - began, answer };
  };
  const many = await draw({
    runs: Array.from({ length: 40 }, (_, index) => `exp${String(index + 100).padStart(3, '0')}`),
  });
  const points = quick ? LONG / 10 : LONG;
  const runs = ['exp002'];
  const file = engine.runPaths(project.paths.runs, 'exp002').metrics;
  const record = (step) =>
    JSON.stringify({
      line: step,
      at: 60 * step,
      t: 1.7e12 + 100 * step,
      step,
      epoch: null,
      metrics: { train_loss: 2 / (1 + step / 1e4) + 0.1 * Math.sin(step) },
    });
  writeFileSync(file, `${Array.from({ length: points }, (_, index) => record(index + 1)).join('\n')}\n`);
  const from = performance.now();
  const first = await draw({ runs });
  let last = first;
  while (last.answer.curves[0].reading) {
    await sleep(100);
    last = await draw({ runs });
  }
  const whole = performance.now() - from;
  const again = await draw({ runs, smooth: 0.95 });
  const part = await draw({ runs, from: points / 2, to: points / 2 + 900 });
  const label = `a curve of ${points.toExponential(0)} points`;
  return [
    figure('40 curves over each other: the answer', many.ms, 'ms'),
    figure(`${label}: the first part of it is shown`, first.ms, 'ms'),
    figure(`${label}: all of it`, whole, 'ms'),
    figure(`${label}: again, smoothed`, again.ms, 'ms'),
    figure(`${label}: 900 steps of it, every point`, part.ms, 'ms', {
      note: `${part.answer.curves[0].raw.x.length} points`,
    }),
  ];
}

async function measureTheirs(place, { python, runs, started }) {
  const began = performance.now();
  const board = await startTensorBoard({ python, folder: place.folder, runs, points: POINTS });
  started.push(board.child);
  const up = performance.now();
  const seen = await board.untilAllRuns();
  const what = `TensorBoard, ${runs} runs, ${(runs * POINTS).toExponential(0)} points`;
  const answers = [];
  for (let time = 0; time < TIMES; time++) answers.push(await board.scalars(40));
  const page = existsSync(CHROMIUM)
    ? await inBrowser(async (page) => {
        await page.goto(board.url, { timeout: 120_000 });
        const painted = () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime;
        return (await page.waitForFunction(painted, undefined, { timeout: 120_000 })).jsonValue();
      })
    : Number.NaN;
  return [
    figure(`${what}: from its start to an answering server`, board.answering - board.began, 'ms', {
      note: `its data were written in ${Math.round((board.began - began) / 1000)} s`,
    }),
    figure(`${what}: from its start until all runs are listed`, up - board.began + seen, 'ms', {
      note: 'it loads in the background, and again every 5 s',
    }),
    figure(`${what}: first contentful paint`, page, 'ms'),
    figure(`${what}: 40 curves over each other: the answer`, median(answers), 'ms', { samples: TIMES }),
    figure(`${what}: memory of its server`, board.memory(), 'MiB', { note: 'it and its data server' }),
  ];
}

/** Seconds of the least that any answer about all runs takes. */
function readAll({ runs, ledger }) {
  const began = performance.now();
  for (const id of readdirSync(runs)) JSON.parse(readFileSync(join(runs, id, 'run.json'), 'utf8'));
  for (const line of readFileSync(ledger, 'utf8').trim().split('\n')) JSON.parse(line);
  return (performance.now() - began) / 1000;
}
