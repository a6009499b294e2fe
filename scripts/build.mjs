// Bundles the program into mcp-server/dist. One bundle with shared chunks starts much faster than
// thousands of small files; every `await import()` in main.ts stays a chunk of its own, so a command
// pays only for what it uses.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { buildChunks } from './bundle.mjs';

const outdir = 'mcp-server/dist';
const outputFiles = await buildChunks(outdir);

// Written only when all of it was built: a mistake leaves the last good program in place.
await mkdir(outdir, { recursive: true });
for (const file of outputFiles) await writeFile(file.path, file.contents);
const fresh = new Set(outputFiles.map((file) => basename(file.path)));
for (const name of await readdir(outdir)) if (!fresh.has(name)) await rm(join(outdir, name), { force: true });
