import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MAIN, type Ran, runProcess } from '../support/project.js';

// What `npm run build` made, in a folder of its own: the file that is started, the program, and what V8 made of it.

let root: string;
const at = (name: string): string => join(root, 'mcp-server/dist', name);
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'auto-experiment-program-'));
  mkdirSync(at('..'), { recursive: true });
  cpSync(dirname(MAIN), at(''), { recursive: true });
  cpSync('package.json', join(root, 'package.json'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const help = (): Promise<Ran> =>
  runProcess([process.execPath, at('main.cjs'), '--help'], { cwd: root, env: process.env });

it('can be started by its own name, as npm link does', async () => {
  expect(statSync(MAIN).mode & 0o111).toBe(0o111);
  const ran = await runProcess([at('main.cjs'), '--help'], { cwd: root, env: process.env });
  expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('auto-experiment COMMAND') });
});

it('says the same with compiled code of another content, with none, and with what V8 cannot use', async () => {
  const good = await help();
  expect(good).toMatchObject({ code: 0, stderr: '' });
  const compiled = readFileSync(at('program.compiled'));
  const end = compiled.indexOf('\n');
  const head = JSON.parse(compiled.toString('latin1', 0, end));
  const program = readFileSync(at('program.bundle'), 'latin1');
  expect(head.of).toBe(JSON.parse(program.slice(0, program.indexOf('\n'))).of);
  const waste = Buffer.alloc(compiled.length - end - 1, 7);
  const write = (of: string): void =>
    writeFileSync(
      at('program.compiled'),
      Buffer.concat([Buffer.from(`${JSON.stringify({ ...head, of })}\n`), waste]),
    );
  write('another');
  expect(await help()).toEqual(good);
  write(head.of);
  expect(await help()).toEqual(good);
  rmSync(at('program.compiled'));
  expect(await help()).toEqual(good);
});
