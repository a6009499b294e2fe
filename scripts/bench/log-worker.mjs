// One process that reads a run's log: log-worker.mjs BUNDLE PROJECT RUN catch-up|poll. Prints one JSON document.
import { statSync } from 'node:fs';
import { loadEngine } from './engine.mjs';
import { append, newLines } from './log.mjs';

const POLLS = 100;
const [bundle, dir, id, act] = process.argv.slice(2);
const engine = await loadEngine(bundle);
const { paths } = engine.openProject(dir);
const files = engine.runPaths(paths.runs, id);
const began = performance.now();
const reading = engine.openReading(
  { machine: engine.localMachine(), clock: Date.now },
  engine.readRun(paths.runs, id),
  files,
);
const open = performance.now() - began;
const rss = () => {
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
};

async function timed() {
  const start = performance.now();
  const { grew } = await reading.poll();
  return { ms: performance.now() - start, grew };
}

if (act === 'catch-up') {
  while ((await reading.poll()).grew);
  reading.save();
  process.stdout.write(
    JSON.stringify({ ms: performance.now() - began, peak: process.resourceUsage().maxRSS / 1024 }),
  );
} else {
  await timed();
  const rssBefore = rss();
  const [busy, idle] = [[], []];
  for (let index = 0; index < POLLS; index++) {
    append(files.log, newLines(statSync(files.log).size + index));
    const { ms, grew } = await timed();
    if (!grew) throw new Error('the new lines were not seen');
    busy.push(ms);
    idle.push((await timed()).ms);
    if (index % 10 === 9) reading.save();
  }
  process.stdout.write(JSON.stringify({ open, busy, idle, rssBefore, rssAfter: rss() }));
}
