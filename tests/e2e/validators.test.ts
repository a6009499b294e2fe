import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openProject } from '../../mcp-server/src/store/project.js';
import { startConformanceServer } from '../support/conformance-server.js';
import { type Json, MAIN, makeProject, type Ran, runProcess } from '../support/project.js';

// Other people's checks of our skills and of our MCP server.

const MODULES = resolve('tests/validators/node_modules');
const missing = !existsSync(MODULES);
const words = 'not installed: cd tests/validators && npm install --no-package-lock';
if (missing && process.env.CI === 'true') throw new Error(`validators ${words}`);

/** What the suite asks for and this server does not have, because no tool of ours needs it. */
const NOT_OFFERED = [
  ...['logging-set-level', 'completion-complete', 'tools-call-with-logging'],
  ...['tools-call-image', 'tools-call-audio', 'tools-call-embedded-resource', 'tools-call-mixed-content'],
  ...['tools-call-sampling', 'tools-call-elicitation', 'elicitation-sep1034-defaults'],
  ...['elicitation-sep1330-enums', 'json-schema-2020-12'],
  ...['resources-read-text', 'resources-read-binary', 'resources-templates-read'],
  ...['resources-subscribe', 'resources-unsubscribe'],
  ...[
    'prompts-get-simple',
    'prompts-get-with-args',
    'prompts-get-embedded-resource',
    'prompts-get-with-image',
  ],
];

describe.skipIf(missing)(missing ? `validators (${words})` : 'validators', () => {
  const run = (...argv: string[]): Promise<Ran> =>
    runProcess(argv, { cwd: resolve('.'), env: { PATH: process.env.PATH, HOME: tmpdir(), NO_COLOR: '1' } });
  const bin = (name: string): string => join(MODULES, '.bin', name);

  it('every shipped skill is valid by the Agent Skills specification', async () => {
    const skills = existsSync('skills') ? readdirSync('skills') : [];
    expect(skills.length).toBeGreaterThan(0);
    for (const name of skills) {
      const { code, stdout, stderr } = await run(
        process.execPath,
        bin('skills-ref'),
        'validate',
        join('skills', name),
      );
      expect({ name, code, said: stdout + stderr }).toMatchObject({ name, code: 0 });
    }
  });

  it('the MCP inspector lists our tools and calls one', async () => {
    const project = makeProject({ 'PROJECT_BRIEF.md': '# Goal\nBe inspected.\n' });
    try {
      const inspect = async (...args: string[]): Promise<Json> => {
        const server = [process.execPath, MAIN, 'mcp', '--project', project.root];
        const { code, stdout, stderr } = await run(
          process.execPath,
          bin('mcp-inspector'),
          '--cli',
          ...server,
          ...args,
        );
        expect({ code, stderr }).toMatchObject({ code: 0 });
        return JSON.parse(stdout);
      };
      const { tools } = await inspect('--method', 'tools/list');
      expect(tools.map(({ name }: Json) => name)).toContain('wait_for_experiment');
      const answer = await inspect('--method', 'tools/call', '--tool-name', 'read_memory');
      expect(answer.structuredContent).toBeTypeOf('object');
    } finally {
      await project.end();
    }
  });

  it('the conformance suite passes, apart from what this server does not offer', async () => {
    const project = makeProject({ 'PROJECT_BRIEF.md': '# Goal\nConform.\n' });
    const folder = mkdtempSync(join(tmpdir(), 'auto-experiment-conformance-'));
    const lab: Json = { open: () => openProject(project.root), clock: Date.now, env: {} };
    const server = await startConformanceServer(lab, resolve('.'));
    try {
      const expected = join(folder, 'expected.yml');
      writeFileSync(expected, `server:\n${NOT_OFFERED.map((name) => `  - ${name}\n`).join('')}`);
      const { code, stdout, stderr } = await run(
        bin('node'),
        join(MODULES, '@modelcontextprotocol/conformance/dist/index.js'),
        'server',
        '--url',
        server.url,
        '--expected-failures',
        expected,
        '-o',
        join(folder, 'results'),
      );
      expect({ code, said: code === 0 ? '' : (stdout + stderr).slice(-3000) }).toEqual({ code: 0, said: '' });
    } finally {
      await server.close();
      await project.end();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
