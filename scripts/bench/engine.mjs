// The engine's verbs as one module, bundled from the sources into a temporary file.
import { mkdtempSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

export const ROOT = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..', '..');

const EXPORTS = [
  ['adapters/jobs/process', 'processJobs'],
  ['adapters/machines/local', 'localMachine'],
  ['core/reading/log', 'createLogReader'],
  ['core/run-record', 'RunRecord'],
  ['engine/runs/follow', 'createFollower'],
  ['engine/runs/launch', 'launch'],
  ['engine/runs/reading', 'openReading'],
  ['engine/runs/wait', 'waitForRuns'],
  ['store/ledger', 'appendLedger'],
  ['store/metrics', 'appendMetrics'],
  ['store/paths', 'runPaths'],
  ['store/project', 'ensureWorkspace, openProject'],
  ['store/runs', 'createRun, readRun, writeRun'],
];

/** Path of the bundle, below `folder`. */
export async function bundleEngine(folder) {
  const outfile = join(mkdtempSync(join(folder, 'engine-')), 'engine.mjs');
  await build({
    stdin: {
      contents: EXPORTS.map(
        ([file, names]) => `export { ${names} } from './mcp-server/src/${file}.js';`,
      ).join('\n'),
      resolveDir: ROOT,
      loader: 'ts',
    },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });
  return outfile;
}

export const loadEngine = (path) => import(pathToFileURL(path).href);
