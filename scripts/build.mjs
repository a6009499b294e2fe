// Bundles the program into mcp-server/dist. One bundle with shared chunks starts much faster than
// thousands of small files; every `await import()` in main.ts stays a chunk of its own, so a command
// pays only for what it uses.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const outdir = 'mcp-server/dist';

// Parts of dependencies that are loaded at each start and that this program never calls; half of the bytes otherwise.
// Whoever comes to need one takes its line out.
const UNUSED = [
  // zod's messages in fifty languages; English is imported apart from them.
  { path: /zod\/v4\/locales\/index\.js$/, contents: 'export {};' },
  // gray-matter's own YAML reader: the brief is read by ours (store/brief.ts).
  {
    path: /\/js-yaml\/index\.js$/,
    contents: `${refuse('js-yaml')} module.exports = { safeLoad: refuse, safeDump: refuse };`,
  },
  // The MCP SDK checks answers to elicitations with it, and no tool of ours asks the person.
  {
    path: /sdk\/dist\/esm\/validation\/ajv-provider\.js$/,
    contents: `${refuse('ajv')} export class AjvJsonSchemaValidator { getValidator() { refuse(); } }`,
  },
];

function refuse(name) {
  return `const refuse = () => { throw new Error('${name} is left out by scripts/build.mjs'); };`;
}

const withoutUnused = {
  name: 'without-unused',
  setup({ onLoad, onEnd }) {
    const met = new Set();
    for (const { path, contents } of UNUSED) {
      onLoad({ filter: path }, () => {
        met.add(path);
        return { contents };
      });
    }
    // A dependency that has moved its files would come back unnoticed.
    onEnd(({ errors }) => {
      const missed = UNUSED.filter(({ path }) => !met.has(path));
      if (errors.length > 0 || missed.length === 0) return undefined;
      return {
        errors: missed.map(({ path }) => ({
          text: `nothing matches ${path}: see UNUSED in scripts/build.mjs`,
        })),
      };
    });
  },
};

const { outputFiles } = await build({
  entryPoints: { main: 'mcp-server/src/main.ts' },
  outdir,
  write: false,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  // Names stay, for readable traces.
  minifySyntax: true,
  minifyWhitespace: true,
  plugins: [withoutUnused],
  // Dependencies written as CommonJS call require() at run time.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});

// Written only when all of it was built: a mistake leaves the last good program in place.
await mkdir(outdir, { recursive: true });
for (const file of outputFiles) await writeFile(file.path, file.contents);
const fresh = new Set(outputFiles.map((file) => basename(file.path)));
for (const name of await readdir(outdir)) if (!fresh.has(name)) await rm(join(outdir, name), { force: true });
