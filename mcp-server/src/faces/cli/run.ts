import { LabError } from '../../core/errors.js';
import { assertReady, runLoop } from '../../engine/loop/controller.js';
import type { LoopEvent } from '../../engine/loop/events.js';
import { sweepPlanner } from '../../engine/loop/sweep-planner.js';
import { writeDirective } from '../../store/directive.js';
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
    'run [--planner sweep] [--gpu 0,1|auto] [--max-cycles N] [--directive TEXT] [--project DIR] [--json]',
  flags: {
    planner: {
      kind: 'value',
      value: 'NAME',
      help: 'Who plans: sweep (the search space of config.yaml, no model). Default: sweep where sweep: is set.',
    },
    gpu: { kind: 'value', value: '0,1|auto', help: 'GPUs that may be used; default: gpu.use of the config.' },
    'max-cycles': { kind: 'value', value: 'N', help: 'End after N more cycles.' },
    directive: { kind: 'value', value: 'TEXT', help: 'Leave a directive first.' },
    ...THINKER_FLAGS,
  },
  json: true,
  project: true,
  words: 0,
  async run(console, args) {
    const planner = args.values.planner ?? 'sweep';
    if (planner === 'llm')
      throw new LabError(
        '--planner llm is not in this version',
        'use --planner sweep with a sweep: in config.yaml',
      );
    if (planner !== 'sweep') throw new UsageError(`--planner takes sweep, not "${planner}"`);
    const lab = withThinker(withGpus(labOf(console, args), args.values.gpu), args);
    const project = lab.open();
    const cycles = project.config.agent.max_cycles;
    const maxCycles = wholeNumber(args, 'max-cycles', 1) ?? (cycles > 0 ? cycles : null);
    const directive = args.values.directive;
    const how = sweepPlanner();
    if (directive !== undefined) {
      assertReady(lab, project, how);
      writeDirective(project.paths.workspace, directive);
    }
    const teller = args.switches.json === true ? null : createTeller(console);
    await runLoop(lab, {
      planner: how,
      maxCycles,
      signal: console.signal,
      tell: teller?.tell ?? jsonLines(console),
    });
    teller?.done();
    return 0;
  },
};

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
