// Compiles the chunks of a program and keeps what V8 made of them: node compile.cjs PROGRAM OUT. Reads a project's status
// and loads every chunk, so that what runs at each start is compiled as well.
const { mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { dirname, join, resolve } = require('node:path');
const vm = require('node:vm');

const [program, out] = process.argv.slice(2).map((path) => resolve(path));
const scripts = new Map();
let load;

// The loader makes one of each chunk, and gives each the function that loads another.
vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    scripts.set(options.filename, this);
  }
  runInThisContext() {
    const run = super.runInThisContext();
    return (...args) => {
      load = args[0];
      return run(...args);
    };
  }
};

const folder = mkdtempSync(join(tmpdir(), 'auto-experiment-build-'));
writeFileSync(
  join(folder, 'PROJECT_BRIEF.md'),
  '---\nmetric: val_acc\ndirection: maximize\n---\nImprove it.\n',
);
writeFileSync(join(folder, 'config.yaml'), 'gpu: {auto_detect: false}\n');
for (const name of ['STATE', 'CONFIG']) process.env[`AUTO_EXPERIMENT_${name}_DIR`] = join(folder, name);

process.on('exit', (code) => {
  rmSync(folder, { recursive: true, force: true });
  if (code !== 0) return;
  const bundle = readFileSync(join(dirname(program), 'program.bundle'));
  const { of, places } = JSON.parse(bundle.latin1Slice(0, bundle.indexOf('\n')));
  for (const name of Object.keys(places)) load(name);
  const head = { of, node: process.version, arch: process.arch, places: {} };
  const pieces = [];
  let length = 0;
  for (const [name, script] of scripts) {
    const piece = script.createCachedData();
    head.places[name] = [length, length + piece.length];
    length += piece.length;
    pieces.push(piece);
  }
  writeFileSync(out, Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...pieces]));
});

process.argv = [process.execPath, program, 'status', '--json', '--project', folder];
require(program);
