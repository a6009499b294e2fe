// Years of a loop with a model, in minutes: a clock that jumps, faults and kills from a seed, real files.
//
//   node --expose-gc scripts/ts.mjs scripts/simulate.ts [--cycles 10000] [--seed 1] [--kill-every 400] [--parallel 1]
//
// `--kill-every N`: one in so many steps kills the controller. Exit code 1 when an invariant is broken, when the memory is
// larger than 5,000 characters, or when the process grows: after the first tenth of the cycles (1,000 at least), by more than
// 400 bytes of heap a cycle, or 64 MiB of what the system counts (RSS).
import { parseArgs } from 'node:util';
import { type Sample, simulate } from './simulate/campaign.js';

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    'kill-every': { type: 'string', default: '400' },
    parallel: { type: 'string', default: '1' },
  },
});
const MIB = 1024 * 1024;
/** Characters; bytes a cycle; MiB. */
const MOST = { memory: 5000, heap: 400, rss: 64 };
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
const { samples, broken: breaches, ...rest } = found;
const grown = growth(samples, Math.max(1000, Number(values.cycles) / 10));
const broken = [...breaches];
if (found.memory > MOST.memory || found.mind.largest > MOST.memory)
  broken.push(`the memory was larger than ${MOST.memory} characters`);
if (grown !== null && grown.heap_bytes_a_cycle > MOST.heap)
  broken.push(`the heap grew by more than ${MOST.heap} bytes a cycle`);
if (grown !== null && grown.rss_mib > MOST.rss) broken.push(`RSS grew by more than ${MOST.rss} MiB`);
const cpu = process.cpuUsage(began);
process.stdout.write(
  `${JSON.stringify(
    {
      ...rest,
      world: { ...rest.world, directives: rest.world.directives.length },
      cpu_s: Math.round((cpu.user + cpu.system) / 1e6),
      growth: grown ?? 'too few cycles to tell',
      broken: broken.length,
    },
    null,
    1,
  )}\n`,
);
for (const words of broken.slice(0, 20)) process.stdout.write(`! ${words}\n`);
process.exitCode = broken.length === 0 ? 0 : 1;

/** From the first sample at `from` cycles to the last: the slope of the heap (least squares), and how RSS differs. */
function growth(
  all: readonly Sample[],
  from: number,
): { from_cycle: number; heap_bytes_a_cycle: number; rss_mib: number; rss_peak_mib: number } | null {
  const late = all.filter(({ cycles }) => cycles >= from);
  const [first, last] = [late[0], late.at(-1)];
  // What is let go goes 200 runs at a time: over fewer cycles that is all one would see.
  if (first === undefined || last === undefined || last.cycles - first.cycles < 4000) return null;
  const mean = (of: (sample: Sample) => number): number =>
    late.reduce((sum, one) => sum + of(one) / late.length, 0);
  const [x, y] = [mean(({ cycles }) => cycles), mean(({ heap }) => heap)];
  const slope =
    late.reduce((sum, { cycles, heap }) => sum + (cycles - x) * (heap - y), 0) /
    late.reduce((sum, { cycles }) => sum + (cycles - x) ** 2, 0);
  return {
    from_cycle: first.cycles,
    heap_bytes_a_cycle: Math.round(slope),
    rss_mib: Math.round((last.rss - first.rss) / MIB),
    rss_peak_mib: Math.round(Math.max(...all.map(({ rss }) => rss)) / MIB),
  };
}
