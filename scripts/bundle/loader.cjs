#!/usr/bin/env node
'use strict';
// Starts the program that lies beside this file, written by scripts/bundle.mjs: program.bundle, whose first line is a
// JSON object of where each chunk begins and ends in what follows, in bytes. Copied to where the program is started.
//
// A chunk is compiled when it is first needed. Node's own loader of ES modules took a quarter of the time of a short
// command; this one reads one file, which stays whole in memory while an update replaces it.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { compileFunction } = require('node:vm');

const url = pathToFileURL(__filename).href;
const file = join(__dirname, 'program.bundle');
const bytes = readProgram();
const head = bytes.indexOf('\n') + 1;
const places = new Map(Object.entries(JSON.parse(bytes.latin1Slice(0, head))));
const loaded = new Map();

function load(name) {
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const place = places.get(name);
  if (place === undefined) return require(name);
  const module = { exports: {} };
  loaded.set(name, module);
  const code = bytes.latin1Slice(head + place[0], head + place[1]);
  const run = compileFunction(code, ['require', 'module', 'exports', '__url'], { filename: name });
  run(load, module, module.exports, url);
  return module.exports;
}

function readProgram() {
  try {
    return readFileSync(file);
  } catch (error) {
    process.stderr.write(
      `${file} cannot be read: ${error.message}\nhint: take a whole clone, or run npm ci in this one\n`,
    );
    process.exit(1);
  }
}

load('./main.js');
