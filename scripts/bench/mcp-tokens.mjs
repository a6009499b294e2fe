// What the server costs a host's context: node scripts/bench/mcp-tokens.mjs [--json]
// Tokens (o200k) of tools/list beside three well-known servers, of every answer of ours in a real campaign, and of what
// Claude Code and Codex sent to the model in two cycles of the digits. All of it is counted now, in this one run. Needs
// `npm run build` and the packages of tests/hosts.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = resolve(import.meta.dirname, '..', '..');
const HOSTS = join(ROOT, 'tests', 'hosts');
const PROGRAM = join(ROOT, 'mcp-server', 'dist', 'main.cjs');
const { encode } = createRequire(join(HOSTS, 'package.json'))('gpt-tokenizer/encoding/o200k_base');
const tokens = (value) => encode(typeof value === 'string' ? value : JSON.stringify(value)).length;

/** A server on standard input and output; `request` resolves with the result. */
async function connect(argv, cwd) {
  const env = { PATH: process.env.PATH, HOME: cwd };
  const child = spawn(argv[0], argv.slice(1), { cwd, env, stdio: ['pipe', 'pipe', 'ignore'] });
  const waiting = new Map();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line);
    if (message.id !== undefined) waiting.get(message.id)?.(message);
  });
  const send = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const request = (method, params = {}) =>
    new Promise((done, fail) => {
      const id = waiting.size + 1;
      waiting.set(id, ({ result, error }) => (error ? fail(new Error(error.message)) : done(result)));
      send({ id, method, params });
    });
  const clientInfo = { name: 'bench', version: '0' };
  await request('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
  send({ method: 'notifications/initialized' });
  return { request, close: () => child.stdin.end() };
}

/** Tokens of what is listed, and of what of it a host puts before the model. */
async function listed(name, argv, cwd) {
  const server = await connect(argv, cwd);
  const list = await server.request('tools/list');
  server.close();
  const seen = list.tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
  return { server: name, tools: list.tools.length, list: tokens(list), seen: tokens(seen) };
}

/** The largest answer of each tool of ours in a campaign on the digits. */
async function answers(folder) {
  const server = await connect([process.execPath, PROGRAM, 'mcp'], folder);
  const most = new Map();
  const call = async (name, args = {}) => {
    const result = await server.request('tools/call', { name, arguments: args });
    // Hosts show the one or the other.
    const size = Math.max(tokens(result.content[0].text), tokens(result.structuredContent ?? {}));
    most.set(name, Math.max(size, most.get(name) ?? 0));
    return result.structuredContent;
  };
  const train = ['python3', 'train.py', '--epochs', '3'];
  await call('set_campaign', { max_cycles: 3 });
  for (const more of [[], ['--lr', '0.1'], ['--lr', '0.1', '--momentum', '0.9'], ['--lr', '5']]) {
    const launched = await call('launch_experiment', {
      command: [...train, ...more],
      title: more.join(' ') || 'baseline',
    });
    await call('wait_for_experiment', { run: launched.run.id });
    await call('log_memory', {
      run: launched.run.id,
      text: `${launched.run.id}: one line of what it gave and what follows`,
    });
  }
  await call('experiment_status');
  await call('experiment_status', { run: 'exp002' });
  await call('read_memory');
  await call('gpu_status');
  await call('list_files');
  await call('read_file', { path: 'train.py' });
  await call('write_file', { path: 'workspace/notes/a.md', text: 'a' });
  await call('run_shell', { command: 'cat train.py' });
  await call('launch_experiment', { command: [...train, '--wrong'] });
  await call('stop_experiment', { run: 'exp001' });
  await call('set_campaign', { stop: 'measured' });
  server.close();
  return Object.fromEntries([...most].sort(([, a], [, b]) => b - a));
}

/** What the hosts sent in two cycles, from the log of the scripted model. */
function sent(folder) {
  return readdirSync(folder).map((file) => {
    const turns = JSON.parse(readFileSync(join(folder, file), 'utf8')).filter(({ turn }) => turn);
    const { body } = turns[0];
    // Codex puts the tools of a server into a namespace.
    const tools = body.tools.flatMap((tool) =>
      tool.name === 'mcp__autoexp'
        ? tool.tools.map((one) => ({ ...one, name: `mcp__autoexp__${one.name}` }))
        : tool,
    );
    const told = (body.messages ?? body.input).filter(
      ({ role }) => role === 'system' || role === 'developer',
    );
    const ours = tools.filter(({ name }) => name?.startsWith('mcp__autoexp__'));
    const results = turns.flatMap((request) => request.results);
    return {
      host: file.replace('.json', ''),
      requests: turns.length,
      system: tokens(body.system ?? body.instructions ?? '') + tokens(told),
      tools: tokens(body.tools),
      'of them ours': tokens(ours),
      'first request': tokens(body),
      'last request': tokens(turns.at(-1).body),
      'our answers, two cycles': results.reduce((sum, text) => sum + tokens(text), 0),
      'largest answer': Math.max(...results.map(tokens)),
      'sent in all': turns.reduce((sum, request) => sum + tokens(request.body), 0),
    };
  });
}

const place = mkdtempSync(join(tmpdir(), 'auto-experiment-tokens-'));
const requests = mkdtempSync(join(tmpdir(), 'auto-experiment-requests-'));
try {
  cpSync(join(ROOT, 'examples', 'digits'), place, { recursive: true });
  const bin = (name) => join(HOSTS, 'node_modules', '.bin', name);
  const lists = [
    await listed('auto-experiment', [process.execPath, PROGRAM, 'mcp'], place),
    await listed('auto-experiment --role code', [process.execPath, PROGRAM, 'mcp', '--role', 'code'], place),
    await listed('server-filesystem', [bin('mcp-server-filesystem'), place], place),
    await listed('playwright-mcp', [bin('playwright-mcp')], place),
    await listed('chrome-devtools-mcp', [bin('chrome-devtools-mcp')], place),
  ];
  const largest = await answers(place);
  const ran = spawnSync(
    'npx',
    ['vitest', 'run', 'tests/e2e/hosts/campaign.test.ts', '-t', 'without a terminal'],
    {
      cwd: ROOT,
      env: { ...process.env, AUTO_EXPERIMENT_REQUESTS: requests },
      encoding: 'utf8',
    },
  );
  if (ran.status !== 0) throw new Error(`the campaigns in the hosts failed:\n${ran.stdout}`);
  const hosts = sent(requests);
  if (process.argv.includes('--json')) console.log(JSON.stringify({ lists, largest, hosts }, null, 2));
  else {
    console.log('tokens of tools/list, whole and as the model sees it (bound 3,500)');
    console.table(lists);
    console.log('largest answer of each tool, tokens (bounds: any 2,500, a status 1,000)');
    console.table(largest);
    console.log('what the hosts sent in two cycles, tokens');
    for (const host of hosts) console.table(host);
  }
} finally {
  rmSync(place, { recursive: true, force: true, maxRetries: 5 });
  rmSync(requests, { recursive: true, force: true });
}
