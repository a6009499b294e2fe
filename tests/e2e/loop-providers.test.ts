import { appendFileSync, cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BIN, call, describeHosts } from '../support/hosts.js';
import { type Json, makeProject } from '../support/project.js';
import { type Block, type ModelRequest, startModel, type Turn } from '../support/scripted-model.js';
import { textOf } from '../support/thinking.js';

// Three cycles on the shipped example with each provider: real training, a scripted model on loopback, for the CLIs the
// real programs. The model's own log of requests says when it was asked. SHOW_PROVIDERS=FILE writes what was measured.

interface Case {
  name: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  /** How the model answers with a structured answer, and how it calls one of our tools. */
  answer(tool: string, input: Json): Block[];
  use(tool: string, input: Json): Block[];
}

const api = (name: string, provider: string, path: string): Case => ({
  name,
  args: [
    '--provider',
    provider,
    '--model',
    provider === 'anthropic' ? 'claude-sonnet-4-6' : 'gpt-6.1-terra',
    '--base-url',
    `URL${path}`,
  ],
  env: { ANTHROPIC_API_KEY: 'a-key-for-loopback', OPENAI_API_KEY: 'a-key-for-loopback' },
  answer: (tool, input) => [{ tool, input }],
  use: (tool, input) => [{ tool, input }],
});

const APIS = [
  api('anthropic, Messages', 'anthropic', ''),
  api('openai, chat completions', 'openai', '/v1/chat/completions'),
  api('openai, Responses', 'openai', '/v1/responses'),
];
const CLIS: Case[] = [
  {
    name: 'claude_cli',
    args: [
      '--provider',
      'claude_cli',
      '--model',
      'claude-sonnet-4-6',
      '--base-url',
      'URL',
      '--api-key-env',
      'MY_KEY',
    ],
    answer: (_tool, input) => [{ tool: 'StructuredOutput', input }],
    use: (tool, input) => call('claude', tool, input),
  },
  {
    name: 'codex_cli',
    args: [
      '--provider',
      'codex_cli',
      '--model',
      'scripted-1',
      '--base-url',
      'URL/v1',
      '--api-key-env',
      'MY_KEY',
    ],
    answer: (_tool, input) => [{ text: JSON.stringify(input) }],
    use: (tool, input) => call('codex', tool, input),
  },
];

type Phase = 'think' | 'work' | 'reflect';
const phaseOf = (request: ModelRequest): Phase => {
  const text = textOf(request);
  if (text.includes('REFLECT: what does it teach')) return 'reflect';
  return text.includes('Make the change, launch it once') ? 'work' : 'think';
};

const plan = (title: string, command: string, change?: string): Json => ({
  action: 'experiment',
  why: 'The loss still falls steeply when training stops.',
  title,
  family: title,
  command,
  ...(change === undefined ? {} : { change }),
  prediction: { direction: 'better', size: 0.2, probability: 0.8 },
});
const TRAIN = 'python3 train.py --epochs 4';
const PLANS = [
  plan('larger steps', `${TRAIN} --lr 0.1`),
  plan('with momentum', `${TRAIN} --lr 0.1 --momentum 0.9`, 'print the momentum once before training'),
  plan('a wider network', `${TRAIN} --lr 0.1 --hidden 32`),
];

function brain({ answer, use }: Case): Turn {
  const left = [...PLANS];
  return (request) => {
    const phase = phaseOf(request);
    if (phase === 'reflect')
      return answer('submit_reflection', { lesson: 'Larger steps reach more in 4 epochs.' });
    if (phase === 'think')
      return answer('submit_plan', left.shift() ?? { action: 'stop', why: 'the script is over' });
    const did = textOf(request).match(/exp00\d/g)?.length ?? 0;
    if (did > 0)
      return answer('submit_work', { done: true, words: 'Launched; the change is one line of train.py.' });
    return textOf(request).includes('import argparse')
      ? use('launch_experiment', { command: PLANS[1].command, title: 'with momentum' })
      : use('read_file', { path: 'train.py' });
  };
}

function countTokens(): (text: string) => number {
  const path = resolve('tests/hosts/package.json');
  if (!existsSync(resolve('tests/hosts/node_modules/gpt-tokenizer')))
    return (text) => Math.ceil(text.length / 4);
  const { countTokens: count }: Json = createRequire(path)('gpt-tokenizer/encoding/o200k_base');
  return count;
}

async function threeCycles(one: Case): Promise<void> {
  const model = await startModel(Array.from({ length: 200 }, () => brainOf));
  const think = brain(one);
  function brainOf(request: ModelRequest) {
    return typeof think === 'function' ? think(request) : think;
  }
  const home = mkdtempSync(join(tmpdir(), 'auto-experiment-home-'));
  const bare = one.env ?? {
    PATH: `${dirname(process.execPath)}:${BIN}:/usr/local/bin:/usr/bin:/bin`,
    HOME: home,
    MY_KEY: 'a-key-for-loopback',
  };
  const project = makeProject({}, { ...bare } as Record<string, string>);
  try {
    cpSync(resolve('examples/digits'), project.root, { recursive: true });
    writeFileSync(
      join(project.root, 'config.yaml'),
      `gpu: {auto_detect: false}\nagent: {cooldown_interval: 0}\nexperiment: {command: ${TRAIN}, dry_run_args: [--limit, "100"], verdict: cheap}\n`,
    );
    const args = one.args.map((arg) => arg.replace('URL', model.url));
    const { code, stderr } = await project.run('run', '--json', '--max-cycles', '3', ...args);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(model.errors).toEqual([]);
    const status = await project.json('status');
    const runs: Json[] = status.runs;
    expect(runs.map(({ title, ending }) => [title, ending])).toEqual([
      ['baseline: the unchanged command', 'succeeded'],
      ['larger steps', 'succeeded'],
      ['with momentum', 'succeeded'],
      ['a wider network', 'succeeded'],
    ]);
    expect(
      project.ledger().filter(({ kind, text }) => kind === 'decision' && text.includes('Lesson: Larger')),
    ).toHaveLength(3);
    // Nobody asked a model between the start and the end of any run, titles and probes of the CLIs included.
    const during = model.requests.filter(({ at }) =>
      runs.some((run) => at > Date.parse(run.started_at) && at < Date.parse(run.ended_at)),
    );
    expect(during).toEqual([]);
    tell(one.name, model.requests, status.bill, runs);
  } finally {
    await project.end();
    await model.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  }
}

function tell(name: string, requests: readonly ModelRequest[], bill: Json, runs: readonly Json[]): void {
  const to = process.env.SHOW_PROVIDERS;
  if (to === undefined) return;
  const count = countTokens();
  const lines = (['think', 'work', 'reflect'] as const).map((phase) => {
    const own = requests.filter((request) => request.turn && phaseOf(request) === phase);
    const tokens = own.map(({ body }) => {
      const { tools = [], system = [], instructions = '', messages, input } = body;
      const stable =
        count(JSON.stringify(tools)) +
        count(typeof system === 'string' ? system : JSON.stringify(system)) +
        count(instructions);
      return [stable, count(JSON.stringify(messages ?? input))] as const;
    });
    const said = tokens.map(([stable, rest]) => `${stable}+${rest}`).join(' ');
    return `  ${phase.padEnd(8)} ${String(own.length).padStart(2)} calls; tokens, system and tools + conversation: ${said}`;
  });
  const seconds = runs.reduce((sum, run) => sum + run.duration_s, 0);
  appendFileSync(
    to,
    [
      `${name}: 3 cycles, ${runs.length} runs, ${seconds.toFixed(1)} s of training, ${requests.length} requests, 0 of them while training; ${bill.total.calls} calls in the ledger`,
      ...lines,
      '',
    ].join('\n'),
  );
}

describe('three cycles on digits', () => {
  it.each(APIS)('$name', { timeout: 120_000 }, (one) => threeCycles(one));
});

describeHosts('three cycles on digits with a CLI', () => {
  it.each(CLIS)('$name', { timeout: 150_000 }, (one) => threeCycles(one));
});
