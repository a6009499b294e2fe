// What it costs to watch 100 live runs, and how soon an end is seen among them.
import { spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { cpuSeconds, figure, now, p95, quantile, rssMb, sleep, until } from './measure.mjs';
import { endOf, launchTraining, openPlace, supervisorOf, trainingOf } from './place.mjs';

const LIVE = 100;
const SECONDS = 30;
const ENDS = 20;
// What one would write by hand: who is alive, and the last line of each log, once a second.
const BY_HAND =
  'pids=$1; shift; while :; do ps -o pid=,stat= -p "$pids" >/dev/null; tail -qn1 "$@" >/dev/null; sleep 1; done';

export async function supervisorBench({ program, quick }) {
  const figures = [];
  for (const every of [1, 0]) {
    const place = await openPlace(program);
    try {
      figures.push(...(await watched(place, every, quick)));
    } finally {
      await place.close();
    }
  }
  return figures;
}

async function watched(place, every, quick) {
  const words = `${LIVE} live runs, ${every === 0 ? 'silent' : 'one line a second each'}`;
  const project = place.project('many');
  const runs = [];
  for (let index = 0; index < LIVE; index++) runs.push(await launchTraining(place, project, every));
  const pids = await Promise.all(runs.map(trainingOf));
  const supervisor = supervisorOf(project.project);
  // The second after a start is not what a night looks like.
  await sleep(6000);
  const seconds = quick ? 10 : SECONDS;
  const shell = spawn('/bin/sh', ['-c', BY_HAND, 'by-hand', pids.join(','), ...runs.map(({ log }) => log)], {
    stdio: 'ignore',
  });
  const before = {
    ours: cpuSeconds(supervisor),
    shell: cpuSeconds(shell.pid, { children: true }),
    at: performance.now(),
  };
  await sleep(seconds * 1000);
  const wall = (performance.now() - before.at) / 1000;
  const share = (100 * (cpuSeconds(supervisor) - before.ours)) / wall;
  const byHand = (100 * (cpuSeconds(shell.pid, { children: true }) - before.shell)) / wall;
  shell.kill();
  const rss = rssMb(supervisor);
  const reference = {
    reference: byHand,
    against: 'shell loop: ps and tail of all, once a second, same seconds',
  };
  const late = await ends(place, project, runs.slice(0, quick ? 5 : ENDS), pids);
  const marks = { samples: late.verb.length };
  return [
    figure(`${words}: CPU of one core over ${seconds} s`, share, '%', { ...reference, target: 2 }),
    figure(`${words}: resident memory`, rss, 'MiB', {
      reference: rssMb(process.pid),
      against: 'this bench (node), same moment',
    }),
    figure(`${words}: an end, to the engine's wait, p50`, quantile(late.verb, 0.5), 'ms', {
      ...marks,
      reference: quantile(late.exited, 0.5),
      against: 'the wrapper’s own record of it (record/exited)',
    }),
    figure(`${words}: an end, to the engine's wait, p95`, p95(late.verb), 'ms', {
      ...marks,
      reference: p95(late.exited),
      against: 'the wrapper’s own record of it (record/exited)',
      target: 250,
    }),
  ];
}

/** Ends runs one after the other while the rest go on. */
async function ends(place, { lab, project }, runs, pids) {
  const late = { verb: [], exited: [] };
  for (const [index, files] of runs.entries()) {
    const request = {
      runs: [files.id],
      timeoutMs: 60_000,
      wakeOnDirective: false,
      wakeOnRule: false,
      signal: new AbortController().signal,
    };
    const waited = place.engine.waitForRuns(lab, project, request).then(now);
    await sleep(Math.random() * 1000);
    process.kill(pids[index], 'SIGUSR1');
    const exited = await seen(join(files.record, 'exited'));
    late.verb.push((await waited) - endOf(files));
    late.exited.push(exited - endOf(files));
  }
  return late;
}

async function seen(link) {
  await until(link, () => exists(link), { every: 1 });
  return now();
}

function exists(link) {
  try {
    return readlinkSync(link) !== '';
  } catch {
    // Not yet.
    return false;
  }
}
