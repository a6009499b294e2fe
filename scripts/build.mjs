// Bundles the program into mcp-server/dist. Every `await import()` in main.ts stays a chunk of its own, so a command
// pays only for what it uses.
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildProgram } from './bundle.mjs';

const outdir = 'mcp-server/dist';
const START = 'main.cjs';
const files = await buildProgram(START);

// Written only when all of it was built: a mistake leaves the last good program in place. A program that starts
// meanwhile finds the one or the other.
await mkdir(outdir, { recursive: true });
for (const [name, bytes] of files) {
  const path = join(outdir, name);
  // `npm link` points to the one that is started.
  await writeFile(`${path}.new`, bytes, { mode: name === START ? 0o755 : 0o644 });
  await rename(`${path}.new`, path);
}
const compiled = 'program.compiled';
for (const name of await readdir(outdir))
  if (!files.has(name) && name !== compiled) await rm(join(outdir, name), { force: true });

// Only for this computer and its Node, which is why a plugin has none. The program runs without it, too.
try {
  const path = join(outdir, `${compiled}.new`);
  execFileSync(process.execPath, ['scripts/bundle/compile.cjs', join(outdir, START), path], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await rename(path, join(outdir, compiled));
} catch (error) {
  process.stderr.write(`note: the program will start more slowly: ${error.message}\n`);
}
