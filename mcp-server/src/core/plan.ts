import { z } from 'zod';
import type { Campaign, CampaignRun } from './campaign.js';
import { showCommand, toArgv } from './command.js';
import { errorText, LabError } from './errors.js';
import type { Plan } from './ledger.js';
import { StatedPrediction } from './predictions.js';
import { Parameter } from './sweep/space.js';

export const ACTIONS = ['experiment', 'sweep', 'idea', 'writing', 'wait', 'report', 'stop'] as const;
type Action = (typeof ACTIONS)[number];

/** One option of a sweep as a model writes it: flat, because not every provider takes unions in a schema. */
const Varied = z.strictObject({
  name: z.string().max(60).describe('of the option, without --'),
  kind: z.enum(['uniform', 'log_uniform', 'int', 'choice']),
  low: z.number().optional(),
  high: z.number().optional(),
  values: z.array(z.string().max(100)).max(40).optional().describe('of a choice'),
});

/** The search space that these options span. Throws LabError where one of them is none. */
export function spaceOf(options: readonly z.output<typeof Varied>[]): Record<string, Parameter> {
  const entries = options.map(({ name, kind, low, high, values = [] }): [string, Parameter] => {
    const numeric = (text: string): string | number =>
      text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
    const parsed = Parameter.safeParse(
      kind === 'choice' ? { choice: values.map(numeric) } : { [kind]: [low, high] },
    );
    if (parsed.success && /^[A-Za-z_][\w.-]*$/.test(name)) return [name, parsed.data];
    throw new LabError(
      `"parameters": "${name.slice(0, 60)}" is no option to vary`,
      'a name without --, and low and high (low < high; log_uniform above 0), or values of a choice',
    );
  });
  return Object.fromEntries(entries);
}

/** What the leader answers in THINK. One flat object, because every model fills that in; `planProblem` checks the rest. */
export const PlanAnswer = z.strictObject({
  action: z.enum(ACTIONS),
  why: z.string().min(1).max(500).describe('hypothesis of an experiment, or reason; one sentence'),
  title: z.string().max(120).optional().describe('experiment: at most 8 words'),
  family: z.string().max(40).optional().describe('experiment, sweep: kind of idea in 1 or 2 words'),
  command: z
    .string()
    .max(4000)
    .optional()
    .describe('experiment: whole command; enough by itself where only options change'),
  change: z.string().max(3000).optional().describe('experiment: what the code agent must change first'),
  prediction: StatedPrediction.optional(),
  success: z.string().max(300).optional().describe('experiment: what would count as a success'),
  parameters: z.array(Varied).max(12).optional().describe('sweep: options to vary'),
  trials: z.number().int().min(2).max(64).optional().describe('sweep: runs'),
  task: z.string().max(1500).optional().describe('idea, writing: what the worker is to do'),
  minutes: z.number().min(1).max(1440).optional().describe('wait'),
  directive: z.string().max(400).optional().describe('what you do about the directive, or why not'),
});
export type PlanAnswer = z.output<typeof PlanAnswer>;

/** What the leader answers in REFLECT. */
export const ReflectionAnswer = z.strictObject({
  lesson: z.string().min(1).max(300).describe('what this run rules in or out; one sentence'),
  next: z.string().max(300).optional().describe('what you would try next, and why'),
});
export type ReflectionAnswer = z.output<typeof ReflectionAnswer>;

/** What a worker answers when it is done. What it launched is known from the ledger, not from here. */
export const WorkAnswer = z.strictObject({
  done: z.boolean(),
  words: z.string().min(1).max(1500).describe('what you did or found; else what is wrong'),
});
export type WorkAnswer = z.output<typeof WorkAnswer>;

/** Judged candidates of a model in a row without a gain after which the same families are refused. */
export const PLATEAU = 3;

/** What the leader must keep to now; told in the prompt and held by `planProblem`. */
export interface PlanRules {
  actions: readonly Action[];
  /** Families that brought nothing in the last runs, in lower case; empty = no plateau. */
  barred: readonly string[];
  /** A person’s directive waits: the answer must say what becomes of it. */
  directive: boolean;
  /** A run is under way, so that there is something to wait for. */
  busy: boolean;
}

/** Words that say what is wrong with an answer, for whoever gave it, or null. */
export function planProblem(answer: PlanAnswer, rules: PlanRules, campaign: Campaign): string | null {
  const { action } = answer;
  if (!rules.actions.includes(action))
    return `"${action}" is not open now: choose ${rules.actions.join(', ')}`;
  if (rules.directive && !said(answer.directive))
    return 'the person’s directive waits: say under "directive" what you do about it, or why not';
  const missing = NEEDS[action].filter((name) => !said(answer[name]));
  if (missing.length > 0) return `"${action}" needs ${missing.map((name) => `"${name}"`).join(', ')}`;
  if (action !== 'experiment' && action !== 'sweep') return null;
  const family = familyOf(answer.family);
  if (rules.barred.includes(family))
    return `ideas of the family "${family}" brought nothing in the last ${PLATEAU} runs: take another kind of idea`;
  if (action === 'sweep') return answer.parameters?.length === 0 ? '"parameters" names no option' : null;
  return experimentProblem(answer, campaign);
}

type Field = 'title' | 'family' | 'parameters' | 'trials' | 'task' | 'minutes';

const NEEDS: Record<Action, readonly Field[]> = {
  experiment: ['title', 'family'],
  sweep: ['family', 'parameters', 'trials'],
  idea: ['task'],
  writing: ['task'],
  wait: ['minutes'],
  report: [],
  stop: [],
};

const said = (value: unknown): boolean => value !== undefined && value !== '';

function experimentProblem(answer: PlanAnswer, campaign: Campaign): string | null {
  if (!said(answer.command) && !said(answer.change))
    return 'an experiment needs "command", or "change" where the code must be changed';
  try {
    const twin = twinOf(campaign, answer);
    return twin === null ? null : `this was tried already: ${twin}; plan something else`;
  } catch (error) {
    if (error instanceof LabError) return `"command": ${errorText(error)}`;
    throw error;
  }
}

/**
 * Equal plans have equal signatures: the words of the command in their order and the words of the change, capitals,
 * spaces and punctuation aside. Throws LabError for a command that cannot be read.
 */
function signatureOf(plan: {
  command?: string | readonly string[] | undefined;
  change?: string | undefined;
}): string {
  const argv = plan.command === undefined || plan.command === '' ? [] : toArgv(plan.command);
  const words = (plan.change ?? '').toLowerCase().match(/[\p{L}\p{N}.]+/gu) ?? [];
  return JSON.stringify([argv, words.join(' ')]);
}

/**
 * Fifty-three bits of a text (cyrb53, after MurmurHash3), for those who keep no texts: of 100,000 plans the chance that a
 * new one is taken for another is 1 in 10¹¹.
 */
function fingerprint(text: string): number {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    a = Math.imul(a ^ code, 0x9e3779b1);
    b = Math.imul(b ^ code, 0x5f356495);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return 2 ** 32 * (b & 0x1fffff) + (a >>> 0);
}

/** By this an equal plan is known again when the plan itself is let go. */
export const printOf = (plan: Plan): number => fingerprint(signatureOf(plan));

/** An earlier plan that asks for the same, in words, or null. One that never gave a result may be tried again. */
function twinOf(campaign: Campaign, answer: PlanAnswer): string | null {
  const signature = signatureOf(answer);
  const before = campaign.past?.tried.get(fingerprint(signature));
  if (before !== undefined) return `${before}, long ago`;
  for (const plan of campaign.plans) {
    const run = campaign.runs.get(campaign.runOf.get(plan.id) ?? '');
    if (run === undefined || signatureOf(plan) !== signature) continue;
    if (run.end === null) return `${run.id} is under way`;
    if (run.end.ending === 'succeeded' || run.end.ending === 'diverged')
      return `${run.id} (${showCommand(plan.command).slice(0, 100)}): ${run.verdict?.reason ?? run.end.ending}`;
  }
  return null;
}

const familyOf = (family: string | undefined): string =>
  (family ?? '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

/** Judged candidates that a model planned, the latest last: with the sweeps that it handed over. */
function modelRuns(campaign: Campaign): { plan: Plan; run: CampaignRun }[] {
  return campaign.plans.flatMap((plan) => {
    const run = campaign.runs.get(campaign.runOf.get(plan.id) ?? '');
    return plan.planner !== 'llm' || plan.role === 'baseline' || run?.verdict == null ? [] : [{ plan, run }];
  });
}

/** Families of the last runs where all of them brought nothing; a run that is the best so far ends a plateau. */
export function plateauFamilies(campaign: Campaign): string[] {
  const last = modelRuns(campaign).slice(-PLATEAU);
  if (last.length < PLATEAU || last.some(({ run }) => run.verdict?.kept === true)) return [];
  return [...new Set(last.map(({ plan }) => familyOf(plan.family)))].filter((family) => family !== '');
}
