// Bundles the program into mcp-server/dist. Every `await import()` in main.ts stays a chunk of its own, so a command
// pays only for what it uses.
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildProgram } from './bundle.mjs';

const outdir = 'mcp-server/dist';
const files = await buildProgram('main.cjs');

// Written only when all of it was built: a mistake leaves the last good program in place. A program that starts
// meanwhile finds the one or the other.
await mkdir(outdir, { recursive: true });
for (const [name, bytes] of files) {
  const path = join(outdir, name);
  await writeFile(`${path}.new`, bytes);
  await rename(`${path}.new`, path);
}
for (const name of await readdir(outdir)) if (!files.has(name)) await rm(join(outdir, name), { force: true });
