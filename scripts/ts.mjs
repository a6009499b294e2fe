// Runs a script that is written in TypeScript, which Node 20 cannot: node scripts/ts.mjs scripts/release.ts [arguments]
import { mkdirSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [, own, script] = process.argv;
if (script === undefined) {
  process.stderr.write('usage: node scripts/ts.mjs SCRIPT.ts [arguments]\n');
  process.exit(2);
}
// Inside node_modules, where the packages that it imports are found.
const folder = resolve(own, '..', '..', 'node_modules', '.cache', 'auto-experiment');
const outfile = join(folder, `${basename(script, '.ts')}-${process.pid}.mjs`);
mkdirSync(folder, { recursive: true });
try {
  await build({
    entryPoints: [script],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
  });
  process.argv.splice(1, 1);
  await import(pathToFileURL(outfile).href);
} finally {
  rmSync(outfile, { force: true });
}
