import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Config, LATER } from '../mcp-server/src/core/config.js';
import { ROOMS, ROOT } from '../mcp-server/src/faces/docs/rooms.js';

const SRC = resolve('mcp-server/src');
const FILES = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(join(SRC, name), 'utf8') }));

const imports = (text: string): string[] =>
  [...text.matchAll(/^(?:import|export)\s(?:[^'"]*?\sfrom\s)?'([^']+)'|\bimport\('([^']+)'\)/gm)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
const npmName = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

describe('rooms', () => {
  it('every file lies in a room or is main.ts or lab.ts', () => {
    const strays = FILES.filter(
      ({ name }) => !ROOT.includes(name) && !ROOMS.some((room) => name.startsWith(`${room.name}/`)),
    );
    expect(strays.map(({ name }) => name)).toEqual([]);
  });

  for (const room of ROOMS) {
    it(`${room.name} imports only what its row allows`, () => {
      const wrong: string[] = [];
      for (const { name, text } of FILES.filter((file) => file.name.startsWith(`${room.name}/`))) {
        for (const specifier of imports(text)) {
          if (specifier.startsWith('.')) {
            const target = relative(SRC, resolve(SRC, name, '..', specifier)).split('/')[0] ?? '';
            if (target !== room.name && !room.rooms.includes(target)) wrong.push(`${name} → ${specifier}`);
          } else if (specifier.startsWith('node:')) {
            if (room.name === 'core') wrong.push(`${name} → ${specifier}`);
          } else if (!room.npm.includes(npmName(specifier))) wrong.push(`${name} → ${specifier}`);
        }
      }
      expect(wrong).toEqual([]);
    });
  }

  it('core reads no clock and draws no randomness of its own', () => {
    const wrong = FILES.filter(
      ({ name, text }) =>
        name.startsWith('core/') &&
        /Date\.now\(|new Date\(\)|Math\.random\(|\bprocess\.(?:env|argv|hrtime|uptime|cwd|stdout)\b/.test(
          text,
        ),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it('main.ts and lab.ts are the only places of dynamic imports', () => {
    const wrong = FILES.filter(({ name, text }) => !ROOT.includes(name) && /\bimport\(/.test(text));
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it('tools declare: one defineTool each, named as its file, no I/O', () => {
    for (const { name, text } of FILES.filter(
      (file) => file.name.startsWith('tools/') && file.name !== 'tools/index.ts',
    )) {
      expect(text.match(/defineTool\(/g), name).toHaveLength(1);
      expect(text, name).toContain(`name: '${name.slice('tools/'.length, -'.ts'.length)}'`);
      expect(text, name).not.toMatch(/from 'node:/);
    }
  });
});

describe('size and form', () => {
  it('no file is over 300 lines', () => {
    const long = FILES.filter(({ text }) => text.split('\n').length > 301).map(({ name }) => name);
    expect(long).toEqual([]);
  });

  it('no `any`, no empty catch', () => {
    const wrong = FILES.filter(({ text }) =>
      /:\s*any\s*[;,)=>|\]]|as any\b|catch\s*(\([^)]*\))?\s*\{\s*\}/.test(text),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });
});

describe('config', () => {
  const keys = (schema: unknown): { path: string; later: boolean }[] => {
    const walk = (node: unknown, path: string): { path: string; later: boolean }[] => {
      if (typeof node !== 'object' || node === null) return [];
      const { properties, description } = node as {
        properties?: Record<string, unknown>;
        description?: string;
      };
      if (properties === undefined) return [{ path, later: description === LATER }];
      return Object.entries(properties).flatMap(([key, value]) =>
        walk(value, path === '' ? key : `${path}.${key}`),
      );
    };
    return walk(schema, '');
  };
  const all = keys(z.toJSONSchema(Config, { io: 'input', unrepresentable: 'any' }));
  const readers = FILES.filter(({ name }) => name !== 'core/config.ts' && !name.startsWith('faces/docs/'))
    .map(({ text }) => text)
    .join('\n');
  const isRead = (key: string): boolean =>
    new RegExp(`[.{,\\s]${key}\\b(?!['"]?\\s*:\\s*(count|flag|z|Duration|Names|Words))`).test(readers);

  it('has no key that no code reads, and none marked as later that is read', () => {
    expect(all.length).toBeGreaterThan(40);
    const dead = all.filter(({ path, later }) => !later && !isRead(path.split('.').at(-1) ?? ''));
    expect(dead.map(({ path }) => path)).toEqual([]);
  });
});
