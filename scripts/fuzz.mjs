// Feeds mutated inputs to every parser of what others write: node scripts/fuzz.mjs [--inputs N] [--seed N] [--json]
// A problem is an exception, a number that is not printed in its input, or a non-finite one passed off as a number. Each
// input has a seed of its own, which is printed with its problem.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');
const args = process.argv.slice(2);
const option = (name, fallback) => (args.includes(name) ? Number(args[args.indexOf(name) + 1]) : fallback);
const inputs = option('--inputs', 1_000_000);
const seed = option('--seed', 1);

const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
const reports = [];
try {
  const outfile = join(folder, 'fuzz.mjs');
  await build({
    entryPoints: [join(ROOT, 'tests/support/fuzz.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    logLevel: 'error',
  });
  const { fuzz, targets } = await import(pathToFileURL(outfile).href);
  const samples = join(ROOT, 'tests/core/reading/samples');
  const lines = readdirSync(samples).flatMap((file) =>
    readFileSync(join(samples, file), 'utf8')
      .split('\n')
      .filter((line) => !line.startsWith('=> {')),
  );
  const pieces = lines.map((_, at) => lines.slice(at, at + 1 + (at % 4)).join('\n'));
  const all = targets(pieces);
  // The log has most of the shapes, and half of the inputs.
  for (const [index, target] of all.entries()) {
    const share = index === 0 ? 0.5 : 0.5 / (all.length - 1);
    const began = performance.now();
    const report = fuzz(target, Math.ceil(inputs * share), seed);
    reports.push({ ...report, seconds: (performance.now() - began) / 1000 });
    process.stderr.write(`${target.name} …\n`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

if (args.includes('--json')) process.stdout.write(`${JSON.stringify(reports, null, 2)}\n`);
else {
  const row = (...cells) =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(34) : String(cell).padStart(12))).join('');
  process.stdout.write(`${row('parser', 'inputs', 'MB', 'values', 'slowest ms', 'seconds', 'problems')}\n`);
  for (const { name, inputs: count, bytes, values, slowestMs, seconds, problems } of reports)
    process.stdout.write(
      `${row(name, count, (bytes / 1e6).toFixed(1), values, slowestMs.toFixed(1), seconds.toFixed(1), problems.length)}\n`,
    );
  for (const { name, problems } of reports)
    for (const problem of problems)
      process.stdout.write(
        `${name}, seed ${problem.seed}: ${problem.what}\n  ${JSON.stringify(problem.input)}\n`,
      );
}
process.exitCode = reports.some((report) => report.problems.length > 0) ? 1 : 0;
