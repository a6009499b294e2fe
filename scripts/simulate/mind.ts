import {
  type Model,
  type ModelReply,
  type ModelRequest,
  ProviderError,
  type ToolCall,
  type Usage,
} from '../../mcp-server/src/core/provider.js';
import type { Draw } from '../bench/null/noise.js';
import type { SimulatedWorld } from './world.js';

const FAMILIES = [
  'learning rate',
  'batch size',
  'augmentation',
  'architecture',
  'optimizer',
  'schedule',
  'loss',
  'width',
];

/** What was asked, and how often what went wrong. */
export interface MindTally {
  asked: number;
  faults: Record<string, number>;
  /** Most characters of brief and memory in one question. */
  largest: number;
}

/**
 * A leader and its workers, drawn from a seed: they plan, code, reflect and now and then do everything wrong that models and
 * networks do. It remembers nothing from call to call.
 */
export function simulatedMind(draw: Draw, world: SimulatedWorld): { model: Model; tally: MindTally } {
  const tally: MindTally = { asked: 0, faults: {}, largest: 0 };
  const pick = <T>(list: readonly T[]): T => list[Math.floor(draw() * list.length)] as T;
  const number = (): number => Math.floor(draw() * 1e9);
  const call = (name: string, input: unknown): ToolCall => ({ id: `c${number()}`, name, input });
  const reply = (request: ModelRequest, calls: ToolCall[], more: Partial<ModelReply> = {}): ModelReply => ({
    text: '',
    calls,
    stop: calls.length > 0 ? 'calls' : 'end',
    usage: usage(request),
    model: request.model,
    ...more,
  });

  const FAULTS: Record<string, (request: ModelRequest) => ModelReply> = {
    limited: () => {
      const at = draw() < 0.5 ? world.clock() + draw() * 5 * 3_600_000 : null;
      throw new ProviderError('limited', 'limited', 'wait', at);
    },
    down: () => {
      throw new ProviderError('down', '529 overloaded', 'wait');
    },
    reset: () => {
      throw new TypeError('fetch failed');
    },
    garbled: () => {
      throw new ProviderError('bad_answer', 'no JSON: <html>', 'wait', null, {
        input: 900,
        cached: 0,
        cacheWrite: 0,
        output: 10,
        reasoning: 0,
      });
    },
    prose: (request) => reply(request, [], { text: 'I will now launch the experiment.' }),
    empty: (request) => reply(request, []),
    cut: (request) => reply(request, [call('submit_plan', { action: 'experiment' })], { stop: 'length' }),
    refused: (request) => reply(request, [], { stop: 'refused' }),
    schema: (request) =>
      reply(request, [call('submit_plan', { action: 'destroy', why: 7 }), call('submit_work', 'x')]),
    unknown: (request) =>
      reply(request, [call('run_shell_as_root', { command: 'rm -rf /' }), call('stop_experiment', {})]),
    'no JSON': (request) => reply(request, [call('submit_plan', null)]),
  };

  function think(request: ModelRequest): ModelReply {
    const said = lastWords(request);
    const directive = JSON.stringify(request.turns[0]).includes('# Directive of the person')
      ? { directive: 'done' }
      : {};
    const open = /open to you: ([a-z, ]+)/.exec(JSON.stringify(request.turns[0]))?.[1]?.split(', ') ?? [
      'experiment',
    ];
    const kinds = [
      'experiment',
      'experiment',
      'experiment',
      'experiment',
      'experiment',
      'sweep',
      'idea',
      'wait',
      'report',
    ];
    const action = pick(kinds.filter((kind) => open.includes(kind)));
    const barred = /refused now: ([^"\\\n]+)/.exec(said)?.[1] ?? '';
    const family = pick(FAMILIES.filter((name) => !barred.includes(name)));
    const why = 'because of what was measured';
    const inputs: Record<string, object> = {
      experiment: {
        title: `try ${number()}`,
        family,
        command: `python train.py --a ${number()}`,
        ...(draw() < 0.2 ? { change: `change ${number()}` } : {}),
        prediction: { direction: 'better', probability: 0.6 },
      },
      sweep: {
        family,
        parameters: [{ name: `p${number()}`, kind: 'uniform', low: 0, high: 1 }],
        trials: 2 + Math.floor(draw() * 5),
      },
      idea: { task: 'look for another idea' },
      wait: { minutes: 1 + Math.floor(draw() * 300) },
      report: {},
    };
    return reply(request, [call('submit_plan', { action, why, ...inputs[action], ...directive })]);
  }

  function work(request: ModelRequest): ModelReply {
    const launched = JSON.stringify(request.turns).includes('launch_experiment","input"');
    if (request.turns.some((turn) => turn.from === 'tools') || draw() < 0.1 || launched)
      return reply(request, [call('submit_work', { done: true, words: 'launched exp999, honestly' })]);
    const tool = request.tools.some(({ name }) => name === 'launch_experiment')
      ? 'launch_experiment'
      : 'read_file';
    return reply(request, [
      call(tool, tool === 'read_file' ? { path: 'train.py' } : { command: 'python train.py' }),
    ]);
  }

  const model: Model = {
    kind: 'model',
    name: 'anthropic',
    async ask(request) {
      tally.asked += 1;
      await world.mayDie(1);
      const fault = draw() < 0.12 ? pick(Object.keys(FAULTS)) : null;
      if (fault !== null) tally.faults[fault] = (tally.faults[fault] ?? 0) + 1;
      const leads = request.tools.some(({ name }) => name === 'submit_plan');
      if (leads) tally.largest = Math.max(tally.largest, known(request));
      const said = FAULTS[fault ?? '']?.(request);
      const answer =
        said ??
        (!leads
          ? work(request)
          : lastWords(request).includes('submit_reflection')
            ? reply(request, [
                call('submit_reflection', { lesson: `lesson ${number()}`, next: `next ${number()}` }),
              ])
            : think(request));
      await world.mayDie(1);
      return answer;
    },
  };
  return { model, tally };
}

/** Characters of the brief and of the memory that a question holds. */
function known({ system, turns }: ModelRequest): number {
  const first = turns[0]?.from === 'user' ? turns[0].text : '';
  const brief = system.split('# Brief of the person')[1] ?? '';
  const memory = /# Memory\n\n([\s\S]*?)(?:\n\n# State|\n\nTHINK)/.exec(first)?.[1] ?? '';
  return [...brief.trim()].length + [...memory].length;
}

function lastWords({ turns }: ModelRequest): string {
  return JSON.stringify(turns.at(-1) ?? '') + (turns.length > 1 ? '' : '');
}

function usage({ system, turns }: ModelRequest): Usage {
  const input = Math.ceil((system.length + JSON.stringify(turns).length) / 4);
  return { input, cached: 800, cacheWrite: 0, output: 120, reasoning: 0 };
}
