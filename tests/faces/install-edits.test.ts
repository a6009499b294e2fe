import fc from 'fast-check';
import { parse as parseJsonc } from 'jsonc-parser';
import { parse as parseToml, stringify } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { addJson, removeJson } from '../../mcp-server/src/faces/install/json.js';
import { addTable, removeTable } from '../../mcp-server/src/faces/install/toml.js';

// Adding and taking out again, where the file was rewritten in between so that no backup helps.

const TABLE = { keys: ['mcp_servers', 'autoexp'], lines: ['command = "node"', 'list = [', '  "a",', ']'] };
const WISH = {
  values: [
    { keys: ['mcpServers', 'autoexp'], value: { command: 'node' } },
    { keys: ['env', 'A'], value: '0' },
  ],
  items: [{ keys: ['hooks', 'Stop'], value: { command: 'x' } }],
};

const addedToml = (text: string): string => addTable(text, TABLE, 'config.toml') ?? '';
const removedToml = (text: string): string => removeTable(text, TABLE.keys, 'config.toml');
const addedJson = (text: string) => addJson(text, WISH, 'a.json');
const removedJson = (text: string): string =>
  removeJson(text, addedJson(text.includes('autoexp') ? '{}' : text).owned, 'a.json', () => false).text;

describe('TOML', () => {
  it.each([
    '',
    '\n',
    '# a comment\n',
    'a = 1\n',
    'a = 1\n\n\n',
    'a = """\n[mcp_servers.autoexp]\n"""\n',
    "a = '''\n[x]\n''''\nb = '[y]'\n",
    'a = [\n  [1, 2],\n  ["]", "#"], # ]\n]\n[t]\nb = { c = [1] }\n',
    '[mcp_servers]\n[mcp_servers.b]\na = 1 # [x]\n',
    'mcp_servers.b.command = "x"\n',
    '["mcp_servers" . other]\na = 1\n\n[[list]]\na = 1\n[[list]]\na = 2\n',
    'big = 9223372036854775807\ntime = 1979-05-27T07:32:00Z\nf = inf\n',
    'a = 1\r\n[b]\r\nc = 2\r\n',
  ])('%j comes back', (text) => {
    expect(removedToml(addedToml(text))).toBe(text);
    // As hosts do it: a table at the end, another key at the top.
    const [top, end] = ['zz = 1\n', '\n# mine\n[z.z]\nz = "[mcp_servers.autoexp]"\n'];
    expect(removedToml(top + addedToml(text) + end)).toBe(top + text + end);
    expect(addTable(addedToml(text), TABLE, 'config.toml')).toBeNull();
  });

  it('any document keeps its lines, and only our table comes and goes', () => {
    const key = fc.string({ minLength: 1, maxLength: 8 });
    const value = fc.oneof(fc.string(), fc.boolean(), fc.integer(), fc.array(fc.string(), { maxLength: 3 }));
    const table = fc.dictionary(key, fc.oneof(value, fc.dictionary(key, value, { maxKeys: 3 })), {
      maxKeys: 4,
    });
    fc.assert(
      fc.property(table, (data) => {
        const text = stringify(data);
        const added = addedToml(text);
        expect(added.startsWith(text)).toBe(true);
        expect(parseToml(added).mcp_servers).toHaveProperty('autoexp.command', 'node');
        expect(parseToml(removedToml(added))).toEqual(parseToml(text));
        expect(removedToml(added).trimEnd()).toBe(text.trimEnd());
      }),
    );
  });
});

describe('JSON', () => {
  it.each([
    '{}',
    '{\n}\n',
    '{\n  // a comment\n}\n',
    '{ "a": 1 }\n',
    '{\n  "a": 1 // last\n}\n',
    '{\n  "a": "http://x, y", // one, two\n  /* three, */ "b": [1, 2,], // four\n}\n',
    '{\n\t"env": {\n\t\t"B": "1" // mine\n\t},\n\t"mcpServers": { "z": {} }\n}\n',
    '{\r\n  "hooks": {\r\n    "Stop": [\r\n      { "command": "mine" } // my hook\r\n    ]\r\n  }\r\n}\r\n',
    '{"a":1,"env":{"B":"//"}}',
  ])('%j keeps what it says and every comment', (text) => {
    const { text: added, owned, kept } = addedJson(text);
    expect(kept).toEqual([]);
    expect(parseJsonc(added)).toMatchObject({
      mcpServers: { autoexp: { command: 'node' } },
      env: { A: '0' },
    });
    const changed = added.replace(
      /\}\s*$/,
      (end) => `${/[{,]\s*(\/\/.*\s*)?\}\s*$/.test(added) ? '' : ','} "z": 1 ${end}`,
    );
    for (const now of [added, changed]) {
      const { text: rest } = removeJson(now, owned, 'a.json', () => false);
      const { z: _, ...data } = parseJsonc(rest);
      expect(data).toEqual(parseJsonc(text));
      for (const comment of text.match(/\/\/ [^\n\r]*|\/\*.*?\*\//g) ?? []) expect(rest).toContain(comment);
    }
    expect(removedJson(text)).toBe(text);
  });

  it('any document keeps its data', () => {
    const key = fc.oneof(fc.constantFrom('env', 'hooks', 'mcpServers', 'a'), fc.string());
    fc.assert(
      fc.property(
        fc.dictionary(key, fc.dictionary(key, fc.array(fc.jsonValue(), { maxLength: 2 }), { maxKeys: 3 }), {
          maxKeys: 4,
        }),
        fc.constantFrom(undefined, 2, '\t'),
        (data, indent) => {
          fc.pre(!('__proto__' in data && Object.hasOwn(data, '__proto__')));
          const text = JSON.stringify(data, null, indent);
          const { text: added, owned } = addedJson(text);
          const { text: rest } = removeJson(added, owned, 'a.json', () => false);
          expect(JSON.parse(rest)).toEqual(JSON.parse(text));
        },
      ),
    );
  });
});
