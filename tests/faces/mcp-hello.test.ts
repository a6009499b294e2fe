import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GREETED } from '../../mcp-server/src/faces/mcp-hello.js';
import { type Json, MAIN, makeProject, type TestProject } from '../support/project.js';

// A usual client is greeted before the MCP library is loaded. It must not be able to tell.

let project: TestProject;
beforeEach(() => {
  project = makeProject({ 'PROJECT_BRIEF.md': 'Improve it.\n' });
});
afterEach(() => project.end());

const CLIENT = { capabilities: { roots: {} }, clientInfo: { name: 'a client', version: '1' } };
const opening = (params: Record<string, unknown>, id: unknown = 0): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'initialize', params: { ...CLIENT, ...params } });
const INITIALIZED = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' });
const ask = (id: unknown, method: string): string => JSON.stringify({ jsonrpc: '2.0', id, method });

/** Everything that the server writes until `last` is answered, and its exit code once the client has left. */
async function talk(parts: string[], last: unknown): Promise<{ said: Json[]; code: number | null }> {
  const child = spawn(process.execPath, [MAIN, 'mcp', '--project', project.root], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  for (const part of parts) {
    await new Promise((resolve) => child.stdin.write(part, resolve));
  }
  const said: Json[] = [];
  if (last === undefined) child.stdin.end();
  for await (const line of createInterface(child.stdout)) {
    const message = JSON.parse(line);
    said.push(message);
    if (message.id === last) child.stdin.end();
  }
  return { said, code: await ended };
}

const lines = (...messages: string[]): string[] => [`${messages.join('\n')}\n`];

describe('the greeting', () => {
  it('knows the protocols that the library negotiates', () => {
    expect(GREETED).toEqual(SUPPORTED_PROTOCOL_VERSIONS);
  });

  it.each(GREETED)('is what the library says in %s, said once, and the session goes on', async (version) => {
    const after = [INITIALIZED, ask('tools', 'tools/list')];
    const ours = await talk(lines(opening({ protocolVersion: version }), ...after), 'tools');
    // What is unusual goes to the library.
    const theirs = await talk(lines(opening({ protocolVersion: version, _meta: {} }), ...after), 'tools');
    expect(ours.said).toEqual(theirs.said);
    expect(ours.said.map(({ id }) => id)).toEqual([0, 'tools']);
    expect(ours.said[0].result.protocolVersion).toBe(version);
    expect(ours.said[1].result.tools.length).toBeGreaterThan(10);
    expect(ours.code).toBe(0);
  });

  it('is given when the message comes in pieces', async () => {
    const text = `${opening({ protocolVersion: '2025-06-18' }, 'x')}\n`;
    const { said } = await talk([text.slice(0, 20), text.slice(20), `${ask(1, 'ping')}\n`], 1);
    expect(said.map(({ id }) => id)).toEqual(['x', 1]);
  });

  it.each([
    [
      'another protocol',
      opening({ protocolVersion: '1999-01-01' }),
      { result: { protocolVersion: '2025-11-25' } },
    ],
    ['no protocol', opening({}), { error: {} }],
    ['a client without a name', opening({ protocolVersion: '2025-06-18', clientInfo: {} }), { error: {} }],
    [
      'capabilities that are none',
      opening({ protocolVersion: '2025-06-18', capabilities: { roots: 1 } }),
      { error: {} },
    ],
    ['another beginning', ask(0, 'ping'), { result: {} }],
  ])('is left to the library for %s', async (_, first, expected) => {
    const { said } = await talk(lines(first), 0);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatchObject({ id: 0, ...expected });
  });

  it('waits for nobody who leaves without a word', async () => {
    expect(await talk([], undefined)).toEqual({ said: [], code: 0 });
  });
});
