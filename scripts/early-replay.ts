// Replays real curves through the early-kill rule: node scripts/ts.mjs scripts/early-replay.ts FOLDER
// FOLDER holds logs of examples/digits/train.py named LR_MOMENTUM_HIDDEN_SEED.log; seeds 0 to 3 of a configuration are in turn the
// champion's replicates, three at a time, and every other curve a candidate. Every run is finished, so each stop is checked.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Curve, judgeCurve } from '../mcp-server/src/core/verdict/early-kill.js';

const [, , folder] = process.argv;
if (folder === undefined) {
  process.stderr.write('usage: node scripts/ts.mjs scripts/early-replay.ts FOLDER\n');
  process.exit(2);
}
const curves = readdirSync(folder).map((file) => {
  const found = readFileSync(join(folder, file), 'utf8').matchAll(/epoch (\d+)\/\d+ .*val_acc=([\d.]+)/g);
  const points = [...found].map(([, step, value]) => ({ step: Number(step), value: Number(value) }));
  return { name: file.replace(/_\d+\.log$/, ''), seed: Number(/_(\d+)\.log$/.exec(file)?.[1]), points };
});
const best = ({ points }: { points: Curve }): number => Math.max(...points.map(({ value }) => value));
const champions = new Map(
  curves.map(({ name }) => [name, curves.filter((one) => one.name === name && one.seed < 4)]),
);
for (const [name, all] of champions) {
  if (all.length < 4) continue;
  const sum = { replayed: 0, stopped: 0, wrong: 0, saved: 0 };
  for (const left of all) {
    const peers = all.filter((one) => one !== left);
    const reference = peers.reduce((total, one) => total + best(one) / peers.length, 0);
    for (const run of curves.filter((one) => !peers.includes(one))) {
      sum.replayed += 1;
      const at = run.points.findIndex(
        (_, index) =>
          judgeCurve(
            'maximize',
            peers.map(({ points }) => points),
            run.points.slice(0, index + 1),
          ).decision === 'would-kill',
      );
      if (at < 0) continue;
      sum.stopped += 1;
      sum.saved += 1 - (at + 1) / run.points.length;
      sum.wrong += best(run) >= reference ? 1 : 0;
    }
  }
  console.log(
    `champion ${name}: ${sum.replayed} runs replayed, ${sum.stopped} stopped, ${sum.wrong} of them wrongly; ${((100 * sum.saved) / sum.replayed).toFixed(0)} % of their time saved`,
  );
}
