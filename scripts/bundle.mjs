// What both forms of the program have in common: the chunks of `npm run build` and the one file of `npm run release`.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build, transform } from 'esbuild';

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
    path: /@modelcontextprotocol\/server\/dist\/ajvProvider-[\w-]+\.mjs$/,
    contents: `${refuse('ajv')} class None { getValidator() { refuse(); } } export { None as n, refuse as r, refuse as t };`,
  },
];

function refuse(name) {
  return `const refuse = () => { throw new Error('${name} is left out by scripts/bundle.mjs'); };`;
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
          text: `nothing matches ${path}: see UNUSED in scripts/bundle.mjs`,
        })),
      };
    });
  },
};

// `import { z }` keeps all of zod; a namespace keeps what is called.
const namedZod = {
  name: 'named-zod',
  setup({ onLoad }) {
    onLoad({ filter: /mcp-server\/src\/.*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(
        /^import \{ z \} from 'zod';$/m,
        "import * as z from 'zod';",
      ),
      loader: 'ts',
    }));
  },
};

/** Native parts of ssh2, which does without them: they would tie the bundle to one system. */
const withoutNative = {
  name: 'without-native',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/sshcrypto\.node$|^cpu-features$/ }, ({ path }) => ({ path, namespace: 'native' }));
    // They name their own folder, which an ES module does not know, for what is within them or only on Windows.
    onLoad({ filter: /ssh2\/lib\/(?:agent|protocol\/crypto\/poly1305)\.js$/ }, ({ path }) => ({
      contents: `var __dirname = '';\n${readFileSync(path, 'utf8')}`,
    }));
    onLoad({ filter: /.*/, namespace: 'native' }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is left out by scripts/bundle.mjs`)});`,
    }));
  },
};

const common = {
  write: false,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  legalComments: 'none',
  // Names stay, for readable traces.
  minifySyntax: true,
  minifyWhitespace: true,
  plugins: [withoutUnused, namedZod, withoutNative],
  // Its other form loads its parts at run time, which no bundler sees.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
  // Dependencies written as CommonJS call require() at run time.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
};

const PUBLIC = 'mcp-server/public';

/** The page of the dashboard, as the constant DASHBOARD_PAGE: both forms of the program carry it with them. */
async function pageOf() {
  const { outputFiles } = await build({
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    entryPoints: [join(PUBLIC, 'main.ts')],
  });
  const [html, style, icon] = await Promise.all(
    ['index.html', 'app.css', 'icon.svg'].map((name) => readFile(join(PUBLIC, name), 'utf8')),
  );
  return { DASHBOARD_PAGE: JSON.stringify({ html, style, icon, script: outputFiles[0].text }) };
}

/** The program in chunks, one for each dynamic import: the files of mcp-server/dist. */
export async function buildChunks(outdir) {
  const { outputFiles } = await build({
    ...common,
    define: await pageOf(),
    entryPoints: { main: 'mcp-server/src/main.ts' },
    outdir,
    splitting: true,
    sourcemap: 'linked',
    sourcesContent: false,
  });
  return outputFiles;
}

/**
 * The whole program in one file, which runs without node_modules: for plugins, and for a clone without a network. The same
 * chunks as in `buildChunks`, each a text that is compiled when it is first needed: three megabytes of code that Node had to
 * parse at each start took it half as long again as all the rest.
 */
export async function buildOneFile() {
  const { banner: _, ...shared } = common;
  const { outputFiles } = await build({
    ...shared,
    define: await pageOf(),
    entryPoints: { main: 'mcp-server/src/main.ts' },
    outdir: 'one-file',
    splitting: true,
  });
  const chunks = {};
  for (const { path, text } of outputFiles) {
    const { code } = await transform(text, {
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      minifyWhitespace: true,
      legalComments: 'none',
      // An import at run time is one of a chunk, too.
      supported: { 'dynamic-import': false },
      define: { 'import.meta.url': '__url' },
    });
    chunks[`./${basename(path)}`] = code;
  }
  return Buffer.from(`${LOADER}\nload('./main.js', ${JSON.stringify(chunks)});\n`);
}

const LOADER = `#!/usr/bin/env node
import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
const outer = createRequire(import.meta.url);
const load = (entry, chunks) => {
  const loaded = new Map();
  const require = (name) => {
    if (!Object.hasOwn(chunks, name)) return outer(name);
    const known = loaded.get(name);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    loaded.set(name, module);
    const names = ['require', 'module', 'exports', '__url'];
    compileFunction(chunks[name], names, { filename: name })(require, module, module.exports, import.meta.url);
    return module.exports;
  };
  require(entry);
};`;
