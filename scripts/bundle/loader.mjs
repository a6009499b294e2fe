#!/usr/bin/env node
// The head of mcp-server/plugin/server.mjs, put there by scripts/bundle.mjs. What follows it: the chunks of the program as
// comments within a function, each a JSON text on a line of its own, and a call of `start`.
import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';

const outer = createRequire(import.meta.url);

/** `text` is the source of that function, `places` where each chunk begins and ends in it. */
export function start(entry, text, places) {
  const loaded = new Map();
  const require = (name) => {
    if (!Object.hasOwn(places, name)) return outer(name);
    const known = loaded.get(name);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    loaded.set(name, module);
    const names = ['require', 'module', 'exports', '__url'];
    const code = JSON.parse(text.slice(...places[name]));
    compileFunction(code, names, { filename: name })(require, module, module.exports, import.meta.url);
    return module.exports;
  };
  require(entry);
}
