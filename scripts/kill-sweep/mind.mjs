// A leader and its workers on loopback, in the wire of Anthropic's Messages: scripted from a seed, and slow enough to be
// killed in the middle of an answer.
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** Starts the model; `runs`: how many it wants to see before it says stop. */
export async function startMind(random, { runs }) {
  const asked = { think: 0, work: 0, reflect: 0 };
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = JSON.parse(Buffer.concat(parts).toString('utf8'));
    await delay(random.below(random.pick([20, 120, 400])));
    const [name, input] = answerTo(body, random, runs, asked);
    const usage = {
      input_tokens: 900,
      output_tokens: 60,
      cache_read_input_tokens: 700,
      cache_creation_input_tokens: 0,
    };
    const content = [{ type: 'tool_use', id: `toolu_${random.below(1e9)}`, name, input }];
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        id: 'msg',
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
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    asked,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answerTo({ messages, tools }, random, runs, asked) {
  const text = JSON.stringify(messages);
  const last = JSON.stringify(messages.at(-1));
  if (!tools.some(({ name }) => name === 'submit_plan')) {
    asked.work += 1;
    return workOn(text, last);
  }
  if (/REFLECT|submit_reflection/.test(last)) {
    asked.reflect += 1;
    return ['submit_reflection', { lesson: `lesson ${random.below(1e6)}` }];
  }
  asked.think += 1;
  return planFor(text, random, runs);
}

function planFor(text, random, runs) {
  const why = 'the values before speak for it';
  const ordered = /# Directive of the person[^#]*?x=(0\.\d+)/.exec(text)?.[1];
  const experiment = (x, more = {}) => [
    'submit_plan',
    {
      action: 'experiment',
      why,
      title: `x ${x}`,
      family: `f${random.below(1e6)}`,
      command: `python3 train.py --x ${x}`,
      ...more,
    },
  ];
  if (ordered !== undefined) return experiment(ordered, { directive: `tried as ${ordered}` });
  const tried = Number(/runs: (\d+) tried/.exec(text)?.[1] ?? 0);
  if (tried >= runs) return ['submit_plan', { action: 'stop', why: 'that is enough' }];
  const dice = random.next();
  if (dice < 0.15 && /open to you: [^-]*idea/.test(text))
    return ['submit_plan', { action: 'idea', why, task: 'look for an idea' }];
  if (dice < 0.3)
    return [
      'submit_plan',
      {
        action: 'sweep',
        why,
        family: `s${random.below(1e6)}`,
        parameters: [{ name: 'x', kind: 'uniform', low: 0, high: 1 }],
        trials: 2,
      },
    ];
  return experiment(
    String(random.below(100_000) / 100_000),
    dice < 0.6 ? { change: 'nothing but launch it' } : {},
  );
}

function workOn(text, last) {
  const command = /command to launch then: ([^\\"]+)/.exec(text)?.[1];
  if (command === undefined || last.includes('tool_result'))
    return ['submit_work', { done: true, words: 'done' }];
  return ['launch_experiment', { command }];
}
