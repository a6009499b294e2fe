// Bundles the program into mcp-server/dist. One bundle with shared chunks starts much faster than
// thousands of small files; every `await import()` in main.ts stays a chunk of its own, so a command
// pays only for what it uses.
import { rm } from 'node:fs/promises';
import { build } from 'esbuild';

const outdir = 'mcp-server/dist';
await rm(outdir, { recursive: true, force: true });
await build({
  entryPoints: { main: 'mcp-server/src/main.ts' },
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  // Dependencies written as CommonJS call require() at run time.
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
});
