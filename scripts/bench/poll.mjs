// Cost of one look at the runs of a host over SSH: `node scripts/bench/poll.mjs HOST [RUNS]`. HOST must be reached by `ssh HOST`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const [host, count = '50'] = process.argv.slice(2);
if (host === undefined) {
  process.stderr.write('usage: node scripts/bench/poll.mjs HOST [RUNS]\n');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'ae-bench-poll-'));
const entry = join(folder, 'entry.mjs');
await build({
  stdin: {
    contents:
      "export { overSsh } from './mcp-server/src/adapters/machines/over-ssh.ts'; export { snapshotScript } from './mcp-server/src/adapters/jobs/snapshot.ts';",
    resolveDir: process.cwd(),
  },
  bundle: true,
  platform: 'node',
  format: 'esm',
  outfile: entry,
});
const { overSsh, snapshotScript } = await import(entry);
const there = execFileSync('ssh', [host, 'mktemp -d'], { encoding: 'utf8' }).trim();
const make = (dir) =>
  `mkdir -p ${dir}/record; ln -s "pid=$$;start=1;boot=0;t=0" ${dir}/record/started; echo x > ${dir}/log`;
execFileSync('ssh', [host, 'sh'], {
  input: Array.from({ length: Number(count) }, (_, at) => make(`${there}/${at}`)).join('\n'),
});
const questions = Array.from({ length: Number(count) }, (_, at) => ({
  folder: `${there}/${at}`,
  offset: 2,
  most: 1 << 20,
}));

const machine = overSsh(host, [], process.env);
const median = async (times, act) => {
  const took = [];
  for (let at = 0; at < times; at++) {
    const began = performance.now();
    await act();
    took.push(performance.now() - began);
  }
  return took.sort((a, b) => a - b)[Math.floor(times / 2)];
};
await machine.script('true', 30_000);
const look = (some) => machine.script(snapshotScript('@mark', some), 30_000);
const fresh = () => execFileSync('ssh', ['-o', 'ControlPath=none', host, 'true']);
const socket = join(folder, 's');
const shared = () =>
  execFileSync(
    'ssh',
    ['-o', 'ControlMaster=auto', '-o', `ControlPath=${socket}`, '-o', 'ControlPersist=1m', host, 'true'],
    { stdio: 'ignore' },
  );
shared();
const rows = [
  ['a new connection for each look', await median(15, fresh)],
  ['a new session over a shared connection', await median(30, shared)],
  ['ours, 1 run', await median(100, () => look(questions.slice(0, 1)))],
  [`ours, ${count} runs in one round trip`, await median(50, () => look(questions))],
];
const first = rows[0][1];
for (const [name, ms] of rows)
  process.stdout.write(`${name.padEnd(42)} ${ms.toFixed(1).padStart(8)} ms   1/${(first / ms).toFixed(1)}\n`);
execFileSync('ssh', ['-o', `ControlPath=${socket}`, '-O', 'exit', host], { stdio: 'ignore' });
execFileSync('ssh', [host, `rm -r ${there}`]);
machine.close();
rmSync(folder, { recursive: true, force: true });
