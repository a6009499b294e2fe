#!/usr/bin/env node
'use strict';
// Starts the program that lies beside this file, written by scripts/bundle.mjs: program.bundle, whose first line is a
// JSON object with a name for its content and where each chunk begins and ends in what follows, in bytes. Copied to
// where the program is started.
//
// A chunk is compiled when it is first needed. Node's own loader of ES modules asks after each file by itself; this one
// reads a single one, which stays whole in memory while an update replaces it. Where the program was
// built, program.compiled has the same form and holds what V8 made of the chunks (scripts/bundle/compile.cjs): another
// content, Node or machine than it was made for, and it is not used.
const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { Script } = require('node:vm');

const url = pathToFileURL(__filename).href;
const program = readProgram();
const compiled = readCompiled();
const loaded = new Map();

function load(name) {
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  if (!Object.hasOwn(program.head.places, name)) return require(name);
  const module = { exports: {} };
  loaded.set(name, module);
  const code = pieceOf(program, name).latin1Slice();
  const cachedData = compiled === null ? undefined : pieceOf(compiled, name);
  const script = new Script(`(function(require,module,exports,__url){${code}\n})`, {
    filename: name,
    cachedData,
  });
  script.runInThisContext()(load, module, module.exports, url);
  return module.exports;
}

function readProgram() {
  const path = join(__dirname, 'program.bundle');
  try {
    return partsOf(readFileSync(path));
  } catch (error) {
    process.stderr.write(
      `${path} cannot be read: ${error.message}\nhint: take a whole clone, or run npm ci in this one\n`,
    );
    process.exit(1);
  }
}

function readCompiled() {
  const path = join(__dirname, 'program.compiled');
  if (!existsSync(path)) return null;
  const parts = partsOf(readFileSync(path));
  const { of, node, arch } = parts.head;
  return of === program.head.of && node === process.version && arch === process.arch ? parts : null;
}

function partsOf(bytes) {
  const end = bytes.indexOf('\n');
  return { head: JSON.parse(bytes.latin1Slice(0, end)), body: bytes.subarray(end + 1) };
}

function pieceOf({ head, body }, name) {
  const place = head.places[name];
  return place === undefined ? undefined : body.subarray(place[0], place[1]);
}

load('./main.js');
