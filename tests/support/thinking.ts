import type { Json } from './project.js';
import type { Block, ModelRequest, Turn } from './scripted-model.js';

/** What the loop wants of a model with this request, told by its last words: as a model would read it. */
export function wanted(request: ModelRequest): 'think' | 'reflect' | 'work' {
  const text = JSON.stringify(lastOf(request));
  if (/REFLECT|calling submit_reflection/.test(text)) return 'reflect';
  return JSON.stringify(request.body.tools).includes('submit_plan') ? 'think' : 'work';
}

function lastOf({ body }: ModelRequest): Json {
  return (body.messages ?? body.input).at(-1);
}

/** Everything that a request says, as text. */
export const textOf = ({ body }: ModelRequest): string => JSON.stringify(body.messages ?? body.input);

export const plan = (input: Record<string, unknown>): Block[] => [
  { tool: 'submit_plan', input: { why: 'it may help', ...input } },
];
export const experiment = (title: string, command: string, more: Record<string, unknown> = {}): Block[] =>
  plan({ action: 'experiment', title, family: title, command, ...more });
export const reflection = (lesson: string): Block[] => [{ tool: 'submit_reflection', input: { lesson } }];
export const work = (words: string, done = true): Block[] => [
  { tool: 'submit_work', input: { done, words } },
];

type Answer = Block[] | ((request: ModelRequest) => Block[] | Turn);

/** A model that says the next of its plans, works and reflections whenever one is wanted. */
export function mind(says: { plans?: Answer[]; works?: Answer[]; reflections?: Answer[] }): Turn[] {
  const left = {
    think: [...(says.plans ?? [])],
    work: [...(says.works ?? [])],
    reflect: [...(says.reflections ?? [])],
  };
  const turn: Turn = (request) => {
    const kind = wanted(request);
    const next =
      left[kind].shift() ??
      (kind === 'reflect' ? reflection('nothing new') : plan({ action: 'stop', why: 'the script is over' }));
    const said = typeof next === 'function' ? next(request) : next;
    return typeof said === 'function' ? said(request) : said;
  };
  return Array.from({ length: 500 }, () => turn);
}

export const BRIEF = '---\nmetric: val_acc\ndirection: maximize\n---\n# Goal\nThe best val_acc.\n';

/** A project with a short real training whose metric is the option `--x`. */
export function thinkingProject(more = ''): Record<string, string> {
  return {
    'PROJECT_BRIEF.md': BRIEF,
    'train.sh':
      'x=0.5; while [ $# -gt 0 ]; do [ "$1" = --x ] && x=$2; shift; done; echo "step 1 val_acc $x"\n',
    'config.yaml': `
gpu: {auto_detect: false}
agent: {cooldown_interval: 0}
experiment: {command: sh train.sh, dry_run_args: [--dry], verdict: cheap}
${more}`,
  };
}
