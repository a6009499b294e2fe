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

/**
 * The page of the dashboard, as the constant DASHBOARD_PAGE: both forms of the program carry it with them. A text of JSON,
 * since an object would become a part of every chunk.
 */
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
  return {
    DASHBOARD_PAGE: JSON.stringify(JSON.stringify({ html, style, icon, script: outputFiles[0].text })),
  };
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
 * chunks as in `buildChunks`, each compiled when it is first needed: three megabytes of code that Node had to parse at each
 * start took it half as long again as all the rest. They lie in comments, which V8 passes over at a fraction of the cost of
 * literals and whose text a function gives back when it is asked for its source; so the program stays whole in memory while an
 * update replaces its file.
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
  const places = {};
  let held = '() => {\n';
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
    const line = ascii(JSON.stringify(code.replace(/^#!.*\n/, '')));
    const from = held.length + '//'.length;
    places[`./${basename(path)}`] = [from, from + line.length];
    held += `//${line}\n`;
  }
  const loader = await readFile('scripts/bundle/loader.mjs', 'utf8');
  return Buffer.from(
    `${loader}\nconst held = ${held}};\nstart('./main.js', String(held), ${JSON.stringify(places)});\n`,
  );
}

/** Of one byte a character: V8 keeps a text in two bytes each as soon as one of them needs it. */
function ascii(json) {
  return json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
