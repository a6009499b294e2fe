// One process that reads a log as a supervisor does: read-worker.mjs BUNDLE LOG read|poll. Prints one JSON document.
import { appendFileSync } from 'node:fs';
import { loadEngine } from './engine.mjs';
import { newLines } from './read.mjs';

const POLLS = 200;
const [bundle, path, act] = process.argv.slice(2);
const engine = await loadEngine(bundle);
const follower = engine.createFollower(engine.localMachine(), path);
const log = engine.createLogReader();
let records = 0;
let values = 0;
let sum = 0;

async function poll() {
  const polled = await follower.poll(log);
  log.drainTo(({ shape, values: all, first }) => {
    records += 1;
    values += shape.names.length;
    for (let at = first; at < first + shape.names.length; at += 1) sum += all[at];
  });
  return polled;
}

const before = process.cpuUsage();
const began = performance.now();
while ((await poll()).more);
const ms = performance.now() - began;
const used = process.cpuUsage(before);
const cpu = (used.user + used.system) / 1000;
const peak = () => process.resourceUsage().maxRSS / 1024;
if (act === 'read') process.stdout.write(JSON.stringify({ ms, cpu, peak: peak(), records, values, sum }));
else {
  const [busy, idle] = [[], []];
  for (let index = 0; index < POLLS; index += 1) {
    appendFileSync(path, newLines(20 * index));
    const start = performance.now();
    const { grew } = await poll();
    busy.push(performance.now() - start);
    if (!grew) throw new Error('the new lines were not seen');
    const quiet = performance.now();
    await poll();
    idle.push(performance.now() - quiet);
  }
  process.stdout.write(JSON.stringify({ busy, idle, peak: peak() }));
}
