import { LabError } from '../../core/errors.js';
import { costOf } from '../../core/price.js';
import type { Lab } from '../../engine/lab.js';
import { assertReady, runLoop } from '../../engine/loop/controller.js';
import type { LoopEvent } from '../../engine/loop/events.js';
import { llmPlanner } from '../../engine/loop/llm-planner.js';
import { sweepPlanner } from '../../engine/loop/sweep-planner.js';
import type { Thinker } from '../../engine/loop/thinker.js';
import { instructionsOf } from '../../engine/views/prompts.js';
import { writeDirective } from '../../store/directive.js';
import type { Project } from '../../store/project.js';
import { TOOLS } from '../../tools/index.js';
import { type Command, type Console, UsageError } from '../command.js';
import { wholeNumber } from '../flags.js';
import { createTeller } from '../terminal/teller.js';
import { THINKER_FLAGS, withThinker } from '../thinker-flags.js';
import { labOf } from './shared.js';

export const command: Command = {
  name: 'run',
  summary:
    'The loop: plan, dry run, launch, watch, judge, remember. Ctrl-C ends it and leaves training running.',
  usage:
    'run [--planner llm|sweep] [--gpu 0,1|auto] [--once] [--max-cycles N] [--directive TEXT] [--project DIR] [--json]',
  flags: {
    planner: {
      kind: 'value',
      value: 'NAME',
      help: 'Who plans: llm (a leader with workers, by agent.provider) or sweep (the search space of config.yaml, no model). Default: sweep where sweep: is set, else llm.',
    },
    gpu: { kind: 'value', value: '0,1|auto', help: 'GPUs that may be used; default: gpu.use of the config.' },
    once: { kind: 'switch', help: 'One cycle, to its end: the same as --max-cycles 1.' },
    'max-cycles': { kind: 'value', value: 'N', help: 'End after N more cycles.' },
    directive: { kind: 'value', value: 'TEXT', help: 'Leave a directive first.' },
    ...THINKER_FLAGS,
  },
  json: true,
  project: true,
  words: 0,
  async run(console, args) {
    const wanted = args.values.planner;
    if (wanted !== undefined && wanted !== 'llm' && wanted !== 'sweep')
      throw new UsageError(`--planner takes llm or sweep, not "${wanted}"`);
    const lab = withThinker(withGpus(labOf(console, args), args.values.gpu), args);
    const project = lab.open();
    const cycles = project.config.agent.max_cycles;
    const once = args.switches.once === true ? 1 : null;
    const maxCycles = once ?? wholeNumber(args, 'max-cycles', 1) ?? (cycles > 0 ? cycles : null);
    const name = wanted ?? (project.config.sweep === undefined ? 'llm' : 'sweep');
    const planner =
      name === 'sweep' ? sweepPlanner() : llmPlanner(lab, await thinkerOf(lab, project, console));
    const directive = args.values.directive;
    if (directive !== undefined) {
      assertReady(lab, project, planner);
      writeDirective(project.paths.workspace, directive);
    }
    const teller = args.switches.json === true ? null : createTeller(console);
    const { reason, hint } = await runLoop(lab, {
      planner,
      maxCycles,
      signal: console.signal,
      tell: teller?.tell ?? jsonLines(console),
    });
    teller?.done();
    if (hint !== null) throw new LabError(reason, hint);
    return 0;
  },
};

/** Who thinks, by the project’s config. */
async function thinkerOf(lab: Lab, project: Project, { packageRoot }: Console): Promise<Thinker> {
  const { agent } = project.config;
  return {
    provider: await lab.provider(project),
    model: agent.model,
    price: (model, usage, request) => costOf(usage, model, { own: agent.prices, request }),
    tools: TOOLS,
    prompt: (role) => instructionsOf(packageRoot, role),
  };
}

const jsonLines =
  (console: Console) =>
  (event: LoopEvent): void =>
    console.out(`${JSON.stringify(event)}\n`);

/** A lab whose config has the GPUs of `--gpu` laid over it. */
function withGpus<L extends { open(): ReturnType<ReturnType<Console['lab']>['open']> }>(
  lab: L,
  text: string | undefined,
): L {
  if (text === undefined) return lab;
  if (text !== 'auto' && !/^\d+(,\d+)*$/.test(text))
    throw new UsageError(`--gpu takes numbers such as 0,1 or auto, not "${text}"`);
  const use = text === 'auto' ? ('auto' as const) : text.split(',').map(Number);
  return {
    ...lab,
    open: () => {
      const project = lab.open();
      return { ...project, config: { ...project.config, gpu: { ...project.config.gpu, use } } };
    },
  };
}
