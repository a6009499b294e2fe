// TensorBoard on numbers like ours, for the bench of the dashboard: its own writer, its own server.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { rssMb, run, sleep } from './measure.mjs';

const WRITE = `
import math, sys
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter
folder, runs, points = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for run in range(1, runs + 1):
    writer = EventFileWriter(f"{folder}/exp{run:03d}", max_queue_size=10000)
    for step in range(1, points + 1):
        value = 2 / step + 0.1 * math.sin(step)
        summary = Summary(value=[Summary.Value(tag="train_loss", simple_value=value), Summary.Value(tag="val_acc", simple_value=0.9 * step / points)])
        writer.add_event(Event(wall_time=1.7e9 + step, step=step, summary=summary))
    writer.close()
`;

/** Writes the runs and starts it. Call `child.kill` in the end. */
export async function startTensorBoard({ python, folder, runs, points }) {
  const logs = join(folder, 'tensorboard');
  await run([python, '-c', WRITE, logs, String(runs), String(points)]);
  const port = await freePort();
  const began = performance.now();
  const args = [
    '-m',
    'tensorboard.main',
    '--logdir',
    logs,
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--samples_per_plugin',
    `scalars=${points}`,
  ];
  const child = spawn(python, args, { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}/`;
  const ask = async (path, options) => (await fetch(url + path, options)).json();
  while (
    !(await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null || performance.now() - began > 120_000)
      throw new Error('TensorBoard does not answer');
    await sleep(50);
  }
  const answering = performance.now();
  return {
    child,
    url,
    began,
    answering,
    /** Milliseconds until it lists all runs with their scalars. */
    async untilAllRuns() {
      const from = performance.now();
      while (performance.now() - from < 300_000) {
        const listed = Object.keys(await ask('data/plugin/scalars/tags')).length;
        if (listed >= runs) return performance.now() - from;
        await sleep(200);
      }
      throw new Error('TensorBoard has not listed all runs within five minutes');
    },
    /** Milliseconds of one answer with the curves of some runs. */
    async scalars(count) {
      const from = performance.now();
      const names = Array.from({ length: count }, (_, index) => `exp${String(index + 100).padStart(3, '0')}`);
      const body = new URLSearchParams([['tag', 'train_loss'], ...names.map((name) => ['runs', name])]);
      await ask('data/plugin/scalars/scalars_multirun', { method: 'POST', body });
      return performance.now() - from;
    },
    memory: () => [child.pid, ...childrenOf(child.pid)].reduce((sum, pid) => sum + rssMb(pid), 0),
  };
}

/** Its data server is a process of its own. */
function childrenOf(pid) {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    const path = `/proc/${pid}/task/${task}/children`;
    return existsSync(path) ? readFileSync(path, 'latin1').split(' ').filter(Boolean).map(Number) : [];
  });
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
