// Reading logs of every style: how fast, and in how much memory? Beside wc -l, cat, and the way of the Python original.
import { closeSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { figure, median, p95, READ_ALL, run, worker } from './measure.mjs';
import { openPlace } from './place.mjs';

const MB = 1e6;
const GB = 1000 * MB;
/** Generated once for a file and repeated: far more different lines than a reader remembers. */
const BLOCK = 8 * MB;
/** Numbers that look like a training's, the same ones each time. */
function numbers() {
  let state = 1;
  return (digits, scale = 1) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return ((scale * state) / 2 ** 32).toFixed(digits);
  };
}

const STYLES = {
  'short pairs': (n, i) => `step ${i}/1000000 loss ${n(4)} acc ${n(3)} lr 3.0e-04\n`,
  'long pairs': (n, i) =>
    `2024-01-01 10:${10 + (i % 50)}:00,${100 + (i % 899)} - train - INFO - Epoch [${i % 12}][${i % 7000}/7330]\tlr: 1.978e-03, eta: 22:12:${10 + (i % 50)}, time: 0.${100 + (i % 800)}, memory: 3812, loss_cls: ${n(4)}, loss_bbox: ${n(4)}, acc: ${n(4, 100)}, loss: ${n(4, 3)}\n`,
  'fields between bars': (n, i) =>
    ` iteration ${String(i).padStart(8)}/ 5000000 | consumed samples: ${String(i * 256).padStart(12)} | elapsed time per iteration (ms): ${n(1, 999)} | learning rate: 1.500E-06 | lm loss: ${n(6, 9)}E+00 | grad norm: ${n(3)} |\n`,
  'Python dicts': (n, i) =>
    `{'loss': ${n(4, 3)}, 'grad_norm': ${n(12)}, 'learning_rate': ${n(3, 9)}e-05, 'epoch': ${(i / 1000).toFixed(2)}}\n`,
  'JSON lines': (n, i) => `{"step": ${i}, "loss": ${n(15, 3)}, "acc": ${n(16)}, "lr": 0.0003}\n`,
  'progress bars without newlines': (n, i) =>
    `\r ${i % 100}%|${'█'.repeat(i % 10)}${' '.repeat(10 - (i % 10))}| ${i}/1000000 [00:${10 + (i % 50)}<01:${10 + (i % 50)}, ${n(2, 9)}it/s, loss=${n(4, 3)}]`,
  'bars of Keras': (n, i) =>
    `${i % 500}/500 [${'='.repeat(1 + (i % 25))}>${'.'.repeat(30 - (i % 25))}] - ETA: ${i % 60}s - loss: ${n(4, 3)} - accuracy: ${n(4)}\n`,
  'rows of a table': (n, i) =>
    i % 300 === 0
      ? 'epoch     train_loss  valid_loss  accuracy  time    \n'
      : `${i % 300}         ${n(6)}    ${n(6)}    ${n(6)}  00:21     \n`,
  boxes: (n, i) =>
    [
      '| rollout/           |          |\n',
      `|    ep_len_mean     | ${n(3, 99)}    |\n`,
      `|    ep_rew_mean     | ${n(3, 99)}    |\n`,
      '| time/              |          |\n',
      `|    total_timesteps | ${i}     |\n`,
      '---------------------------------\n',
    ][i % 6],
  'talk, a record in ten': (n, i) =>
    i % 10 === 0
      ? `step ${i}/1000000 train_loss ${n(5, 2)} val_acc ${n(4)} lr 3.0e-04\n`
      : `[worker ${i % 8}] loaded shard data/train-${String(i % 512).padStart(5, '0')}-of-00512.tar in ${n(2)}s\n`,
};

export async function readBench({ program, quick }) {
  const place = await openPlace(program);
  const path = join(place.folder, 'long.log');
  try {
    const free = statfsSync(place.folder).bavail * statfsSync(place.folder).bsize;
    const size = quick ? 64 * MB : free > 2 * GB ? GB : 256 * MB;
    const note = size === GB ? {} : { note: `${size / MB} MB instead of 1 GB` };
    const figures = [];
    for (const [index, [name, line]] of Object.entries(STYLES).entries()) {
      fill(path, size, line);
      figures.push(...(await measured(place, path, name, note, index === 0)));
    }
    const huge = quick ? 128 * MB : free > 6 * GB ? 4 * GB : size;
    fill(path, huge, STYLES['long pairs']);
    figures.push(...(await polled(place, path, `${huge / GB} GB`)));
    return figures;
  } finally {
    rmSync(path, { force: true });
    await place.close();
  }
}

function fill(path, size, line) {
  const number = numbers();
  let block = '';
  for (let i = 0; block.length < BLOCK; i += 1) block += line(number, i);
  const bytes = Buffer.from(block);
  const fd = openSync(path, 'w');
  try {
    for (let written = 0; written < size; ) written += writeSync(fd, bytes);
  } finally {
    closeSync(fd);
  }
}

async function measured(place, path, name, note, original) {
  const { size } = statSync(path);
  const cat = (await run(['sh', '-c', 'cat "$1" > /dev/null', 'sh', path])).ms;
  const wc = (await run(['wc', '-l', path])).ms;
  const runs = [
    await worker(place, 'read-worker.mjs', path, 'read'),
    await worker(place, 'read-worker.mjs', path, 'read'),
  ];
  const best = runs[0].ms <= runs[1].ms ? runs[0] : runs[1];
  const rate = ({ ms }) => `${(size / MB / (ms / 1000)).toFixed(0)} MB/s`;
  const figures = [
    figure(`${name}: metrics and endings of all of it`, best.ms, 'ms', {
      reference: wc,
      against: 'wc -l, same file',
      target: size / MB / 0.25,
      samples: 2,
      note: `${rate(best)}, ${rate({ ms: Math.min(...runs.map(({ cpu }) => cpu)) })} of one core's own time, other try ${rate(runs[0] === best ? runs[1] : runs[0])}, ${best.records} records of ${best.values} values${note.note === undefined ? '' : `; ${note.note}`}`,
    }),
    figure(`${name}: the same`, best.ms, 'ms', { reference: cat, against: 'cat, same file' }),
    figure(`${name}: peak memory`, best.peak, 'MiB', { target: 150 }),
  ];
  if (!original) return figures;
  const [ms, rss] = (await run([place.python, '-c', READ_ALL, path])).out.split(' ').map(Number);
  const against = 'python3: read_text().splitlines()[-50:], same file';
  return [
    ...figures,
    figure(`${name}: every metric of it`, best.ms, 'ms', { reference: ms, against }),
    figure(`${name}: peak memory`, best.peak, 'MiB', { reference: rss, against }),
  ];
}

async function polled(place, path, words) {
  const { busy, idle, peak } = await worker(place, 'read-worker.mjs', path, 'poll');
  const target = 1;
  return [
    figure(`${words}: a poll with 20 new lines, p50`, median(busy), 'ms', { target, samples: busy.length }),
    figure(`${words}: a poll with 20 new lines, p95`, p95(busy), 'ms', { target, samples: busy.length }),
    figure(`${words}: a poll with nothing new, p95`, p95(idle), 'ms', { target, samples: idle.length }),
    figure(`${words}: peak memory, caught up and polled`, peak, 'MiB', { target: 150 }),
  ];
}

export const newLines = (from) => {
  const number = numbers();
  return Array.from({ length: 20 }, (_, i) => STYLES['long pairs'](number, from + i)).join('');
};
