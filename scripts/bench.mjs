// Measures the program: node scripts/bench.mjs [wait log read supervisor start status sweep dashboard] [--json] [--quick] [--program main.cjs]
// Every figure is taken now and stands beside a reference taken in the same run. Nothing here passes or fails.
import { cpus, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { ROOT } from './bench/engine.mjs';

const BENCHES = {
  wait: async () => (await import('./bench/wait.mjs')).waitBench,
  log: async () => (await import('./bench/log.mjs')).logBench,
  read: async () => (await import('./bench/read.mjs')).readBench,
  supervisor: async () => (await import('./bench/supervisor.mjs')).supervisorBench,
  start: async () => (await import('./bench/start.mjs')).startBench,
  status: async () => (await import('./bench/status.mjs')).statusBench,
  sweep: async () => (await import('./bench/sweep.mjs')).sweepBench,
  dashboard: async () => (await import('./bench/dashboard.mjs')).dashboardBench,
};

const args = process.argv.slice(2);
const at = args.indexOf('--program');
const program = at < 0 ? join(ROOT, 'mcp-server', 'dist', 'main.cjs') : resolve(args.splice(at, 2)[1] ?? '');
const unknown = args.filter((word) => !['--json', '--quick', ...Object.keys(BENCHES)].includes(word));
if (unknown.length > 0) {
  process.stderr.write(
    `unknown: ${unknown.join(' ')}; benches: ${Object.keys(BENCHES).join(' ')}; options: --json --quick --program FILE\n`,
  );
  process.exit(2);
}
const wanted = args.filter((word) => Object.hasOwn(BENCHES, word));
const options = { program, quick: args.includes('--quick') };
const benches = [];
for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHES)) {
  process.stderr.write(`${name} …\n`);
  const began = performance.now();
  const figures = await (await BENCHES[name]())(options);
  const seconds = Math.round((performance.now() - began) / 1000);
  benches.push({ bench: name, seconds, load: Number(loadavg()[0].toFixed(2)), figures });
  if (!args.includes('--json')) process.stdout.write(table(benches.at(-1)));
}
if (args.includes('--json')) {
  const document = {
    at: new Date().toISOString(),
    node: process.version,
    cpu: cpus()[0]?.model ?? '',
    cores: cpus().length,
    program,
    benches,
  };
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

function table({ bench, seconds, load, figures }) {
  const rows = figures.map((one) => [
    one.what,
    `${one.value} ${one.unit}`,
    one.target === null ? '' : `${one.met ? '≤' : '>'} ${one.target}`,
    one.reference === null ? '' : `${one.reference} ${one.unit}`,
    one.ratio === null ? '' : `×${one.ratio}`,
    `${one.against ?? ''}${one.samples > 1 ? ` (n=${one.samples})` : ''}${one.note === null ? '' : ` — ${one.note}`}`,
  ]);
  const all = [['what', 'measured', 'target', 'reference', 'ratio', 'reference is'], ...rows];
  const widths = all[0].map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
  return `\n${bench} (${seconds} s, load ${load})\n${lines.join('\n')}\n`;
}
