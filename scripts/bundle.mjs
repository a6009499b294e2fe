// Makes the program out of its source, for `npm run build` and for `npm run release`.
import { createHash } from 'node:crypto';
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

const PUBLIC = 'mcp-server/public';

/**
 * The page of the dashboard, as the constant DASHBOARD_PAGE: the program carries it with it. A text of JSON,
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

/** The file that is started, and the one beside it that it reads: scripts/bundle/loader.cjs says how. */
const PARTS = 'program.bundle';

/**
 * The program in the form in which it runs, without node_modules: the bytes of each file by its name, `start` being that
 * of the one which is started. The chunks are those of esbuild, one for each dynamic import and for what several share.
 */
export async function buildProgram(start) {
  const { outputFiles } = await build({
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
    define: await pageOf(),
    entryPoints: { main: 'mcp-server/src/main.ts' },
    outdir: 'program',
    splitting: true,
  });
  const places = {};
  let held = '';
  for (const { path, text } of outputFiles) {
    const { code: written } = await transform(text.replace(/^#!.*\n/, ''), {
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      charset: 'ascii',
      minifyWhitespace: true,
      legalComments: 'none',
      // An import at run time is one of a chunk, too.
      supported: { 'dynamic-import': false },
      define: { 'import.meta.url': '__url' },
    });
    const code = ascii(written);
    places[`./${basename(path)}`] = [held.length, held.length + code.length];
    held += code;
  }
  const of = createHash('sha256').update(held).digest('hex').slice(0, 16);
  return new Map([
    [start, await readFile('scripts/bundle/loader.cjs')],
    [PARTS, Buffer.from(`${JSON.stringify({ of, places })}\n${held}`)],
  ]);
}

/**
 * Of one byte a character: V8 keeps a text in two bytes each as soon as one of them needs it. What esbuild has left are
 * regular expressions, which know these escapes as well.
 */
function ascii(code) {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
