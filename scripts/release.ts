// Stamps one version everywhere, writes the manifests for the hosts' plugins, and bundles the program that they start.
//
//   npm run release                 after a change of the program: what follows from package.json and the source
//   npm run release -- 1.2.3        the same with a new version
//   npm run release -- --check      writes nothing; exit code 1 when something is not up to date
//
// The bundle is committed: a host installs a plugin by cloning the repository, runs no build, and a clone without a
// network could not make one. `npm run build` does not write it, so that it changes with a release or a merge only.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { pluginFiles } from '../mcp-server/src/faces/install/plugin.js';
import { buildProgram } from './bundle.mjs';

const PLUGIN = 'mcp-server/plugin';

const Package = z.looseObject({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  license: z.string(),
});

const args = process.argv.slice(2);
const check = args.includes('--check');
const version = args.find((word) => !word.startsWith('--'));
const wrong = args.find((word) => word.startsWith('--') && word !== '--check');
if (wrong !== undefined || (version !== undefined && (check || !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)))) {
  process.stderr.write('usage: npm run release [-- VERSION | -- --check]\n');
  process.exit(2);
}

if (version !== undefined)
  for (const path of ['package.json', 'package-lock.json']) stampVersion(path, version);

const about = Package.parse(JSON.parse(readFileSync('package.json', 'utf8')));
const files = new Map<string, Uint8Array>();
for (const [path, data] of Object.entries(pluginFiles(about)))
  files.set(path, Buffer.from(`${JSON.stringify(data, null, 2)}\n`));
for (const [name, bytes] of await buildProgram('server.cjs')) files.set(`${PLUGIN}/${name}`, bytes);
const stale = [...files].filter(
  ([path, data]) => !existsSync(path) || Buffer.compare(readFileSync(path), data) !== 0,
);
for (const [path, data] of check ? [] : stale) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, data);
  process.stdout.write(`${path}\n`);
}
if (check && stale.length > 0) {
  process.stderr.write(
    `not up to date: ${stale.map(([path]) => path).join(', ')}\nhint: npm run release, and commit what it wrote\n`,
  );
  process.exitCode = 1;
}

/** The first version of the file is the package's own; a lock file repeats it for the root. */
function stampVersion(path: string, to: string): void {
  const text = readFileSync(path, 'utf8');
  const { version: from } = z.looseObject({ version: z.string() }).parse(JSON.parse(text));
  let left = path === 'package-lock.json' ? 2 : 1;
  const next = text.replace(/^( {2}| {6})"version": "([^"]*)"/gm, (line, indent: string, old: string) =>
    old === from && left-- > 0 ? `${indent}"version": "${to}"` : line,
  );
  writeFileSync(path, next);
}
