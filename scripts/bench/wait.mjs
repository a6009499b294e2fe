// From the end of a training to the return of those who wait for it.
import { spawn } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { collect, ended, figure, now, p95, quantile, sleep, until } from './measure.mjs';
import { endOf, launchTraining, openPlace, trainingOf } from './place.mjs';

const RUNS = 40;
const AT_ONCE = 4;
/** The Python original looks first after this long, and then as often. */
const ORIGINAL_MS = 900_000;
const POLL = 'while [ ! -L "$1" ]; do sleep 1; done; date +%s.%N';

export async function waitBench({ program, quick }) {
  const place = await openPlace(program);
  try {
    const runs = quick ? 8 : RUNS;
    const one = await batches(place, 'one', runs, 1);
    const four = await batches(place, 'four', runs, AT_ONCE);
    return [...figures('one run', one), ...figures(`${AT_ONCE} runs ending at once`, four)];
  } finally {
    await place.close();
  }
}

function figures(what, { cli, verb, shell }) {
  const original = {
    reference: ORIGINAL_MS,
    against: 'the Python original’s fixed 900 s between two looks',
    samples: cli.length,
  };
  const polled = (share) => ({
    reference: quantile(shell, share),
    against: 'shell loop with sleep 1, same runs',
    samples: cli.length,
  });
  return [
    figure(`${what}: auto-experiment wait, p50`, quantile(cli, 0.5), 'ms', polled(0.5)),
    figure(`${what}: auto-experiment wait, p95`, p95(cli), 'ms', { ...polled(0.95), target: 250 }),
    figure(`${what}: auto-experiment wait, p95`, p95(cli), 'ms', original),
    figure(`${what}: engine verb in process, p50`, quantile(verb, 0.5), 'ms', polled(0.5)),
    figure(`${what}: engine verb in process, p95`, p95(verb), 'ms', { ...polled(0.95), target: 250 }),
  ];
}

async function batches(place, name, runs, size) {
  const project = place.project(name);
  const all = { cli: [], verb: [], shell: [] };
  for (let done = 0; done < runs; done += size) {
    const measured = await batch(place, project, size);
    for (const key of Object.keys(all)) all[key].push(...measured[key]);
  }
  return all;
}

/** Starts runs and everybody who waits for them, ends them all at one instant, and sees who notices when. */
async function batch(place, project, size) {
  const started = [];
  for (let index = 0; index < size; index++) started.push(await launchTraining(place, project, 0));
  const pids = await Promise.all(started.map(trainingOf));
  const waits = started.map((files) => waiters(place, project, files));
  await Promise.all(
    waits.map(({ child }) => until('the command waits', () => watches(child.pid), { every: 20 })),
  );
  // At any instant of the supervisor's second.
  await sleep(Math.random() * 1000);
  for (const pid of pids) process.kill(pid, 'SIGUSR1');
  const seen = await Promise.all(waits.map(({ done }) => done));
  const late = (key) => started.map((files, index) => seen[index][key] - endOf(files));
  return { cli: late('cli'), verb: late('verb'), shell: late('shell') };
}

function waiters(place, { dir, lab, project }, files) {
  const [node, ...args] = place.cli('wait', files.id, '--project', dir, '--json');
  const child = spawn(node, args, { env: place.env, stdio: ['ignore', 'ignore', 'inherit'] });
  const loop = spawn('/bin/sh', ['-c', POLL, 'poll', `${files.record}/exited`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const request = {
    runs: [files.id],
    timeoutMs: 60_000,
    wakeOnDirective: false,
    wakeOnRule: false,
    signal: new AbortController().signal,
  };
  const verb = place.engine.waitForRuns(lab, project, request).then(({ reason, run }) => {
    if (reason !== 'ended' || run?.ending !== 'succeeded')
      throw new Error(`${files.id}: ${reason}, ${run?.ending}`);
    return now();
  });
  const cli = ended(child).then(({ code, epoch }) => {
    if (code !== 0) throw new Error(`wait ${files.id} ended with ${code}`);
    return epoch;
  });
  const shell = collect(loop.stdout).then((text) => Number(text) * 1000);
  return {
    child,
    done: Promise.all([cli, verb, shell]).then(([a, b, c]) => ({ cli: a, verb: b, shell: c })),
  };
}

/** True once a process watches a folder: from then on it waits. */
function watches(pid) {
  return readdirSync(`/proc/${pid}/fd`).some(
    (fd) => target(`/proc/${pid}/fd/${fd}`) === 'anon_inode:inotify',
  );
}

function target(path) {
  try {
    return readlinkSync(path);
  } catch {
    // It was closed while we looked.
    return '';
  }
}
