// How long the program takes to answer for the first time.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ROOT } from './engine.mjs';
import { fillProject } from './fill.mjs';
import { figure, inTurn, median, run } from './measure.mjs';
import { openPlace } from './place.mjs';

const TIMES = 15;
const RUNS = 20;

export async function startBench({ program, quick }) {
  const place = await openPlace(program);
  try {
    const project = place.project('small', 'gpu: {auto_detect: false}\n');
    fillProject(place.engine, project, RUNS);
    const started = async (argv) => (await run(argv, { env: place.env })).ms;
    const client = (method) => () =>
      firstAnswer(place.cli('mcp', '--project', project.dir), place.env, method);
    const bundled = [
      process.execPath,
      join(ROOT, 'mcp-server', 'plugin', 'server.cjs'),
      'mcp',
      '--project',
      project.dir,
    ];
    const plain = [process.execPath, join(ROOT, 'scripts', 'bench', 'sdk-server.mjs')];
    const [node, status, initialize, tools, plugin, sdk, pluginTools, sdkTools] = await inTurn(
      quick ? 5 : TIMES,
      [
        () => started([process.execPath, '-e', '0']),
        () => started(place.cli('status', '--project', project.dir)),
        client('initialize'),
        client('tools/list'),
        () => firstAnswer(bundled, place.env, 'initialize'),
        () => firstAnswer(plain, place.env, 'initialize'),
        () => firstAnswer(bundled, place.env, 'tools/list'),
        () => firstAnswer(plain, place.env, 'tools/list'),
      ],
    );
    return [
      ...both(`status of a project with ${RUNS} runs, to its end`, status, node, 200),
      ...both('mcp, to the answer to initialize', initialize, node, 250),
      ...both('mcp, to the answer to tools/list', tools, node),
      ...both('mcp of the plugin, to the answer to initialize', plugin, sdk, 150, PLAIN),
      ...both('mcp of the plugin, to the answer to tools/list', pluginTools, sdkTools, undefined, PLAIN),
    ];
  } finally {
    await place.close();
  }
}

const PLAIN = 'the SDK unbundled with two tools, in turn with it';

function both(what, samples, node, target, against = 'node -e 0, in turn with it') {
  const common = { against, samples: samples.length };
  return [
    figure(`${what}, median`, median(samples), 'ms', {
      ...common,
      reference: median(node),
      ...(target === undefined ? {} : { target }),
    }),
    figure(`${what}, min`, Math.min(...samples), 'ms', { ...common, reference: Math.min(...node) }),
  ];
}

const HELLO = {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'bench', version: '0' },
};

/** Milliseconds from the start of a server to its answer; `initialize` comes first in any case. */
async function firstAnswer([node, ...args], env, method) {
  const began = performance.now();
  const child = spawn(node, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  try {
    const answered = lines(child.stdout);
    const send = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    send({ id: 1, method: 'initialize', params: HELLO });
    await answered.next();
    if (method === 'tools/list') {
      send({ method: 'notifications/initialized' });
      send({ id: 2, method });
      const { value } = await answered.next();
      if (!(JSON.parse(value ?? '{}').result?.tools?.length > 0)) throw new Error(`no tools: ${value}`);
    }
    return performance.now() - began;
  } finally {
    child.stdin.end();
    child.kill();
    // What it goes on loading after its answer would count for whoever comes next.
    await exited;
  }
}

async function* lines(stream) {
  let rest = '';
  for await (const part of stream) {
    const whole = (rest + part).split('\n');
    rest = whole.pop() ?? '';
    yield* whole;
  }
}
