// Years of a loop with a model, in minutes: a clock that jumps, faults and kills from a seed, real files.
//
//   node --expose-gc scripts/ts.mjs scripts/simulate.ts [--cycles 10000] [--seed 1] [--kill-every 400] [--parallel 1]
//
// `--kill-every N`: one in so many steps kills the controller. Exit code 1 when an invariant is broken.
import { parseArgs } from 'node:util';
import { simulate } from './simulate/campaign.js';

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    'kill-every': { type: 'string', default: '400' },
    parallel: { type: 'string', default: '1' },
  },
});
const MIB = 1024 * 1024;
const began = process.cpuUsage();
process.stdout.write('cycles  memory  heap MiB  RSS MiB  seconds\n');
const found = await simulate(
  {
    cycles: Number(values.cycles),
    seed: Number(values.seed),
    killEvery: Number(values['kill-every']),
    parallel: Number(values.parallel),
  },
  ({ cycles, memory, heap, rss, seconds }) =>
    process.stdout.write(
      `${String(cycles).padStart(6)}${String(memory).padStart(8)}${(heap / MIB).toFixed(1).padStart(10)}${(rss / MIB).toFixed(0).padStart(9)}${seconds.toFixed(0).padStart(9)}\n`,
    ),
);
const { samples, broken, ...rest } = found;
const cpu = process.cpuUsage(began);
process.stdout.write(
  `${JSON.stringify({ ...rest, cpu_s: Math.round((cpu.user + cpu.system) / 1e6), broken: broken.length }, null, 1)}\n`,
);
for (const words of broken.slice(0, 20)) process.stdout.write(`! ${words}\n`);
process.exitCode = broken.length === 0 ? 0 : 1;
