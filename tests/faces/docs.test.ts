import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { Config } from '../../mcp-server/src/core/config.js';
import { OwnConfig } from '../../mcp-server/src/core/own-config.js';
import { MAIN, runProcess } from '../support/project.js';

// What README and docs quote is there.

const PAGES = [
  'README.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];
const read = (page: string): string => readFileSync(page, 'utf8');
const README = read('README.md');

let help: Map<string, string>;
beforeAll(async () => {
  const run = async (...args: string[]): Promise<string> =>
    (await runProcess([process.execPath, MAIN, ...args], { cwd: process.cwd(), env: process.env })).stdout;
  const names = [...(await run('--help')).matchAll(/^ {2}(\w+) +\S/gm)].map((match) => match[1] ?? '');
  help = new Map();
  for (const name of names) help.set(name, await run(name, '--help'));
});

describe('docs/providers.md', () => {
  it('shows configs that the program takes, the person’s own among them', () => {
    const blocks = [...read('docs/providers.md').matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) =>
      parse(match[1] ?? ''),
    );
    expect(blocks).toHaveLength(3);
    for (const block of blocks) Config.parse(block);
    OwnConfig.parse(blocks.at(-1));
  });

  it('quotes options of run and trust that there are', () => {
    const text = read('docs/providers.md');
    for (const [, flag] of text.matchAll(/`?(--(?:provider|model|base-url|api-key-env|auth-token-env))\b/g))
      expect(help.get('run')).toContain(`  ${flag}`);
    for (const [, name, flag = ''] of text.matchAll(
      /`(?:auto-experiment )?(trust|service)\b[^`]*?(--\w[\w-]*)?`/g,
    ))
      expect(help.get(name ?? '')).toContain(flag);
  });
});

describe('links', () => {
  it.each(PAGES)('%s: every relative link leads somewhere', (page) => {
    const links = [...read(page).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1] ?? '')
      .filter((link) => !/^[a-z]+:/.test(link));
    expect(links.filter((link) => !existsSync(join(dirname(page), link)))).toEqual([]);
  });
});

describe('README', () => {
  it('quotes commands and options that there are', () => {
    const quoted = [...README.matchAll(/^(?:.*-- )?auto-experiment ([a-z]+)([^\n#]*)/gm)].map(
      ([, name, rest]) => ({ name: name ?? '', rest: (rest ?? '').split(' -- ')[0] ?? '' }),
    );
    expect(quoted.length).toBeGreaterThan(12);
    for (const { name, rest } of quoted) {
      const text = help.get(name);
      expect(text, name).toBeDefined();
      for (const [flag] of rest.matchAll(/--[a-z-]+/g))
        expect(text, `${name} ${flag}`).toContain(`  ${flag}`);
    }
  });

  it('quotes keys of the config that there are', () => {
    const paths = new Set<string>();
    const walk = (node: unknown, path: string): void => {
      if (
        typeof node !== 'object' ||
        node === null ||
        !('properties' in node) ||
        typeof node.properties !== 'object'
      )
        return;
      for (const [key, inner] of Object.entries(node.properties ?? {})) {
        paths.add(path === '' ? key : `${path}.${key}`);
        walk(inner, path === '' ? key : `${path}.${key}`);
      }
    };
    walk(z.toJSONSchema(Config, { io: 'input', unrepresentable: 'any' }), '');
    const sections = [...paths].filter((path) => !path.includes('.'));
    const quoted = [...README.matchAll(/`([a-z_]+\.[a-z_.]+)`/g)]
      .map((match) => match[1] ?? '')
      .filter((word) => sections.includes(word.split('.')[0] ?? ''));
    expect(quoted.length).toBeGreaterThan(0);
    expect(quoted.filter((path) => !paths.has(path))).toEqual([]);
  });

  it('shows a brief and a config that the program takes', async () => {
    const blocks = [...README.matchAll(/```(yaml|markdown)\n([\s\S]*?)```/g)].map((match) => ({
      kind: match[1],
      text: match[2] ?? '',
    }));
    expect(blocks.map(({ kind }) => kind)).toEqual(['markdown', 'yaml', 'yaml']);
    expect(() => Config.parse(parse(blocks[2]?.text ?? ''))).not.toThrow();
    const { makeProject } = await import('../support/project.js');
    const project = makeProject({
      'PROJECT_BRIEF.md': blocks[0]?.text ?? '',
      'config.yaml': blocks[1]?.text ?? '',
    });
    try {
      const status = await project.json('status');
      expect(status).toMatchObject({
        metric: { name: 'val_acc', direction: 'maximize', target: 0.95 },
        warnings: [],
      });
      expect(status.budgets).toContainEqual(expect.objectContaining({ name: 'gpu_hours', limit: 8 }));
    } finally {
      await project.end();
    }
  });
});
