// Cost of one look at the runs of a host over SSH: `node scripts/bench/poll.mjs [HOST] [RUNS]`. HOST must be reached by
// `ssh HOST` without a question; without one an sshd is started on loopback.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const words = process.argv.slice(2);
const count = Number(words.find((word) => /^\d+$/.test(word)) ?? 50);
const folder = mkdtempSync(join(tmpdir(), 'ae-bench-poll-'));
const entry = join(folder, 'entry.mjs');
await build({
  stdin: {
    contents:
      "export { overSsh } from './mcp-server/src/adapters/machines/over-ssh.ts'; export { snapshotScript } from './mcp-server/src/adapters/jobs/snapshot.ts'; export { startSshd } from './tests/support/sshd.ts';",
    resolveDir: process.cwd(),
  },
  bundle: true,
  platform: 'node',
  format: 'esm',
  outfile: entry,
});
const { overSsh, snapshotScript, startSshd } = await import(entry);
// Without a host, one of its own on loopback.
const named = words.find((word) => !/^\d+$/.test(word));
const server = named === undefined ? await startSshd() : undefined;
const [host, env] = [named ?? 'gpu1', server?.env ?? process.env];
const ssh = (args, options = {}) => execFileSync('ssh', args, { env, ...options });
const there = ssh([host, 'mktemp -d'], { encoding: 'utf8' }).trim();
const make = (dir) =>
  `mkdir -p ${dir}/record ${dir}/files; ln -s "pid=$$;start=1;boot=0;t=0" ${dir}/record/started; echo x > ${dir}/log; : > ${dir}/begun; sleep 0.01; echo step,loss > ${dir}/files/metrics.csv`;
ssh([host, 'sh'], {
  input: Array.from({ length: count }, (_, at) => make(`${there}/.auto-experiment/runs/${at}`)).join('\n'),
});
const questions = Array.from({ length: count }, (_, at) => ({
  folder: `${there}/.auto-experiment/runs/${at}`,
  offset: 2,
  most: 1 << 20,
}));

// In turn the files of some of the trainings are looked for too, and what is new of them comes with the next look.
const AT_ONCE = 8;
const withFiles = questions.map((one, at) => ({
  ...one,
  files: {
    cwd: there,
    due: at < AT_ONCE,
    pieces: at < AT_ONCE ? [{ path: `${one.folder}/files/metrics.csv`, from: 0, most: 4096 }] : [],
  },
}));

const machine = overSsh(host, [], env);
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
const fresh = () => ssh(['-o', 'ControlPath=none', host, 'true']);
const socket = join(folder, 's');
const shared = () =>
  ssh(['-o', 'ControlMaster=auto', '-o', `ControlPath=${socket}`, '-o', 'ControlPersist=1m', host, 'true'], {
    stdio: 'ignore',
  });
shared();
const rows = [
  ['a new connection for each look', await median(15, fresh)],
  ['a new session over a shared connection', await median(30, shared)],
  ['ours, 1 run', await median(100, () => look(questions.slice(0, 1)))],
  [`ours, ${count} runs in one round trip`, await median(30, () => look(questions))],
  [`the same, files of ${AT_ONCE} looked for and read`, await median(20, () => look(withFiles))],
];
const first = rows[0][1];
for (const [name, ms] of rows)
  process.stdout.write(`${name.padEnd(50)} ${ms.toFixed(1).padStart(8)} ms   1/${(first / ms).toFixed(1)}\n`);
spawnSync('ssh', ['-o', `ControlPath=${socket}`, '-O', 'exit', host], { env, stdio: 'ignore' });
ssh([host, `rm -r ${there}`]);
machine.close();
await server?.end();
rmSync(folder, { recursive: true, force: true });
