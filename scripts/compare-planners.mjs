#!/usr/bin/env node
// The sweep planner, a leader (scripted, on loopback) and plain random search on the digits example, with the same number of
// runs each. Real training; needs `npm run build` before.
//
//   node scripts/compare-planners.mjs [--runs 8] [--seeds 1] [--epochs 20]
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createRandom } from './kill-sweep/killer.mjs';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '8' },
    seeds: { type: 'string', default: '1' },
    epochs: { type: 'string', default: '20' },
  },
});
const RUNS = Number(values.runs);
const COMMAND = `python3 train.py --epochs ${values.epochs}`;
const root = fileURLToPath(new URL('..', import.meta.url));
const main = join(root, 'mcp-server', 'dist', 'main.cjs');
const SPACE = {
  lr: { log_uniform: [0.001, 5] },
  hidden: { choice: [8, 16, 32] },
  momentum: { uniform: [0, 0.95] },
};

function project(seed) {
  const folder = mkdtempSync(join(tmpdir(), 'compare-planners-'));
  cpSync(join(root, 'examples', 'digits'), folder, { recursive: true });
  const brief = readFileSync(join(folder, 'PROJECT_BRIEF.md'), 'utf8').replace(/target: .*\n/, '');
  writeFileSync(join(folder, 'PROJECT_BRIEF.md'), brief);
  const config = {
    gpu: { auto_detect: false },
    agent: { cooldown_interval: 0 },
    experiment: {
      command: COMMAND,
      dry_run_args: ['--limit', '100'],
      verdict: 'cheap',
      max_parallel: 2,
      early_kill: false,
    },
    budget: { runs: RUNS },
    sweep: { parameters: SPACE, max_runs: RUNS, patience: RUNS, seed },
  };
  writeFileSync(join(folder, 'config.yaml'), JSON.stringify(config));
  return folder;
}

/** The program's standard output. */
function run(folder, args) {
  const env = {
    ...process.env,
    ANTHROPIC_API_KEY: 'a-key-for-loopback',
    AUTO_EXPERIMENT_STATE_DIR: join(folder, '.state'),
  };
  const child = spawn(process.execPath, [main, ...args, '--project', folder], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout.on('data', (part) => {
    text += part;
  });
  return new Promise((resolve) => child.once('close', () => resolve(text)));
}

/** A leader that tries what the brief speaks for, then hands the neighbourhood of its best to the sweep planner. */
async function leader(runs) {
  const guesses = ['--lr 0.1', '--lr 0.1 --momentum 0.9'];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    const body = JSON.parse(text);
    const reflects = /REFLECT/.test(JSON.stringify(body.messages.at(-1)));
    const guess = reflects ? undefined : guesses.shift();
    const [name, input] = reflects
      ? ['submit_reflection', { lesson: 'larger effective steps help until they diverge' }]
      : guess !== undefined
        ? [
            'submit_plan',
            {
              action: 'experiment',
              why: 'the loss still falls steeply',
              title: guess,
              family: guess,
              command: `${COMMAND} ${guess}`,
            },
          ]
        : [
            'submit_plan',
            {
              action: 'sweep',
              why: 'narrow down',
              family: 'around the best',
              trials: Math.max(2, runs - 3),
              parameters: [
                { name: 'lr', kind: 'log_uniform', low: 0.03, high: 0.6 },
                { name: 'hidden', kind: 'choice', values: ['16', '32'] },
                { name: 'momentum', kind: 'uniform', low: 0.5, high: 0.95 },
              ],
            },
          ];
    const usage = {
      input_tokens: 2100,
      output_tokens: 200,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
    };
    const content = [{ type: 'tool_use', id: `t${Date.now()}`, name, input }];
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        id: 'm',
        type: 'message',
        role: 'assistant',
        model: body.model,
        content,
        stop_reason: 'tool_use',
        usage,
      }),
    );
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** The unchanged command, then settings drawn from the same space. */
function drawn(seed) {
  const random = createRandom(seed);
  const draw = () => {
    const lr = Math.exp(Math.log(0.001) + random.next() * Math.log(5000)).toPrecision(3);
    return [
      '--lr',
      lr,
      '--hidden',
      String(random.pick([8, 16, 32])),
      '--momentum',
      (random.next() * 0.95).toPrecision(3),
    ];
  };
  const base = COMMAND.split(' ');
  return [base, ...Array.from({ length: RUNS - 1 }, () => [...base, ...draw()])];
}

const rows = [];
for (let seed = 1; seed <= Number(values.seeds); seed++) {
  for (const name of ['sweep planner', 'leader, scripted', 'random search']) {
    const folder = project(seed);
    const began = Date.now();
    if (name === 'sweep planner') await run(folder, ['run', '--planner', 'sweep', '--json']);
    else if (name === 'leader, scripted') {
      const model = await leader(RUNS);
      await run(folder, ['run', '--planner', 'llm', '--json', '--base-url', model.url]);
      model.close();
    } else for (const argv of drawn(seed)) await launch(folder, argv);
    const status = JSON.parse(await run(folder, ['status', '--json']));
    const values_ = status.runs.map((one) =>
      one.ending === 'succeeded' ? Number(one.primary.value) : Number.NaN,
    );
    const good = values_.filter((value) => Number.isFinite(value));
    rows.push({
      seed,
      name,
      runs: status.runs.length,
      best: Math.max(...good).toFixed(4),
      above: good.filter((value) => value >= 0.95).length,
      failed: values_.length - good.length,
      calls: status.bill?.total.calls ?? 0,
      usd: (status.bill?.total.usd ?? 0).toFixed(4),
      seconds: Math.round((Date.now() - began) / 1000),
    });
    process.stdout.write(`${JSON.stringify(rows.at(-1))}\n`);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

function launch(folder, argv) {
  const env = { ...process.env, AUTO_EXPERIMENT_STATE_DIR: join(folder, '.state') };
  const child = spawn(process.execPath, [main, 'launch', '--wait', '--project', folder, '--', ...argv], {
    env,
    stdio: 'ignore',
  });
  return new Promise((resolve) => child.once('close', resolve));
}
