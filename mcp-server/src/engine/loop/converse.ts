import { jsonSize } from '../../core/bounded.js';
import type { Phase } from '../../core/ledger.js';
import {
  type Agent,
  type Model,
  type ModelReply,
  ProviderError,
  type Role,
  type ToolCall,
  type ToolResult,
  type Turn,
  type Usage,
} from '../../core/provider.js';
import { clip, nearest, oneLine, plain } from '../../core/text.js';
import type { Lab } from '../lab.js';
import { type AnyTool, inputSchema, invoke } from '../tool.js';
import { ANSWER_OFFERS, type AnswerTool } from './answers.js';
import type { Moment } from './planner.js';
import type { Thinker } from './thinker.js';
import { spend } from './till.js';

export interface Task<A> {
  role: Role;
  phase: Phase;
  cycle: number;
  /** Stable from call to call. */
  system: string;
  /** What was said so far; ends with a turn that the model answers. */
  turns: readonly Turn[];
  /** The same for a CLI, which fetches with its tools what must not stand in a prompt. */
  prompt: string;
  answer: AnswerTool<A>;
  /** Words that say what is wrong with an answer of the right form, or null. */
  check(answer: A): string | null;
  /** The answer, where what was wanted has been done and no further word is needed; asked after each turn of tools. */
  over?(): A | null;
  /** Requests, the repair not counted, and tokens of the output of each. */
  limits: { requests: number; output: number; minutes: number };
}

/** `why`: what was wrong with the last answer, in words. Nothing in it was acted on. */
export type Said<A> = { ok: true; answer: A } | { ok: false; why: string };

export type Desk = Pick<Moment, 'lab' | 'project' | 'now' | 'tell' | 'signal' | 'world'> & {
  /** For the tools that are carried out. */
  hands: Lab;
  thinker: Thinker;
  /** Takes secrets out of whatever is sent. */
  clean(text: string): string;
};

/** Calls of one turn that are carried out, characters of all tool answers, and of one turn of the model. */
const CALLS = 8;
const ROOM = 80_000;
const TURN_CHARS = 400_000;

/**
 * Has one question answered. A model is offered the tools of its role and the loop carries out its calls; a CLI does that by
 * itself over our server. What is no call of the wanted answer in its form never becomes an action: it is told what is wrong,
 * once, and then the question has failed. Throws ProviderError for all that is not this answer’s fault, and Overspent.
 */
export function converse<A>(desk: Desk, task: Task<A>): Promise<Said<A>> {
  const { provider } = desk.thinker;
  return provider.kind === 'model' ? withModel(desk, provider, task) : withAgent(desk, provider, task);
}

async function withModel<A>(desk: Desk, model: Model, task: Task<A>): Promise<Said<A>> {
  const tools = toolsOf(desk.thinker.tools, task.role);
  const offers = [
    ...tools.map(({ name, description, input }) => ({ name, description, input: inputSchema(input) })),
    ...ANSWER_OFFERS[task.role],
  ];
  const turns: Turn[] = task.turns.map((turn) => cleaned(turn, desk.clean));
  const system = desk.clean(task.system);
  const room = { left: ROOM };
  let wrong: string | null = null;
  for (let request = 1; ; request++) {
    const last = request >= task.limits.requests;
    const most = reckon(jsonSize([system, offers, turns]), task.limits.output);
    let reply: ModelReply | ProviderError;
    try {
      reply = await spend(desk, desk.thinker, { ...task, most, request: true }, () =>
        model.ask({
          model: desk.thinker.model,
          system,
          tools: offers,
          turns,
          mustCall: last || wrong !== null ? task.answer.name : null,
          maxOutputTokens: task.limits.output,
          signal: desk.signal,
        }),
      );
    } catch (error) {
      reply = passing(error);
    }
    const found = await take(desk, task, tools, reply, room);
    if ('answer' in found) return { ok: true, answer: found.answer };
    const over = task.over?.() ?? null;
    if (over !== null) return { ok: true, answer: over };
    if (found.problem !== null && (wrong !== null || request > task.limits.requests))
      return { ok: false, why: found.problem };
    if (request > task.limits.requests)
      return { ok: false, why: `it did not come to an end in ${request} requests` };
    wrong = found.problem ?? wrong;
    turns.push(...found.turns.map((turn) => cleaned(turn, desk.clean)));
  }
}

/** What a reply comes to: the answer; or turns to go on with, and what was wrong with it where something was. */
async function take<A>(
  desk: Desk,
  task: Task<A>,
  tools: readonly AnyTool[],
  reply: ModelReply | ProviderError,
  room: { left: number },
): Promise<{ answer: A } | { problem: string | null; turns: Turn[] }> {
  const again = (problem: string, turns: Turn[] = []) => ({
    problem,
    turns: [
      ...turns,
      { from: 'user', text: `${problem}. Answer by calling ${task.answer.name}.` } satisfies Turn,
    ],
  });
  if (reply instanceof ProviderError) return again(clip(oneLine(reply.message), 300));
  const { text, calls, stop, raw } = reply;
  // A turn that was not finished is not gone on with: it may hold half a call.
  if (stop === 'length') return again(`The answer was cut off at ${task.limits.output} tokens: be shorter`);
  if (stop === 'refused') return again('The answer was declined');
  if (jsonSize([text, calls]) > TURN_CHARS) return again('The answer is far too long');
  const said: Turn = {
    from: 'model',
    text: clip(plain(text), 4000),
    calls,
    ...(raw === undefined ? {} : { raw }),
  };
  if (calls.length === 0)
    return again(
      'That was no call of a tool, and words alone are not acted on',
      said.text === '' ? [] : [{ ...said, raw: undefined }],
    );
  const results: ToolResult[] = [];
  let problem: string | null = null;
  for (const [index, call] of calls.entries()) {
    if (call.name === task.answer.name && problem === null) {
      const parsed = parseAnswer(task, call.input);
      if (parsed.ok) return { answer: parsed.answer };
      problem = parsed.why;
      results.push({ id: call.id, ok: false, text: `${problem}. Call ${task.answer.name} again.` });
    } else if (index >= CALLS || room.left <= 0) {
      const why =
        index >= CALLS ? `only ${CALLS} calls are carried out at once` : 'there is no room for more';
      results.push({ id: call.id, ok: false, text: `not done: ${why}; finish with ${task.answer.name}` });
    } else {
      const result = await carryOut(desk, task, tools, call);
      room.left -= result.text.length;
      results.push(result);
    }
  }
  return { problem, turns: [said, { from: 'tools', results }] };
}

async function carryOut<A>(
  desk: Desk,
  { role, answer }: Task<A>,
  tools: readonly AnyTool[],
  { id, name, input }: ToolCall,
): Promise<ToolResult> {
  const tool = tools.find((known) => known.name === name);
  if (tool === undefined) {
    const names = [...tools.map((known) => known.name), answer.name];
    const close = nearest(name, names);
    const hint = close === undefined ? `the tools are ${names.join(', ')}` : `did you mean ${close}?`;
    return { id, ok: false, text: `there is no tool "${clip(oneLine(name), 80)}" here\nhint: ${hint}` };
  }
  const { ok, text } = await invoke(tool, desk.hands, input, {
    signal: desk.signal,
    role,
    // Nobody looks on: what a long call tells meanwhile goes nowhere.
    progress: () => undefined,
  });
  return { id, ok, text };
}

async function withAgent<A>(desk: Desk, agent: Agent, task: Task<A>): Promise<Said<A>> {
  const { answer } = task;
  let prompt = task.prompt;
  for (let tries = 1; ; tries++) {
    let why: string;
    try {
      const most = desk.now().bill.phases.get(task.phase);
      const reply = await spend(desk, desk.thinker, { ...task, most: ofAgent(most), request: false }, () =>
        agent.work({
          model: desk.thinker.model,
          role: task.role,
          system: desk.clean(task.system),
          prompt: desk.clean(prompt),
          answer: inputSchema(answer.schema),
          project: desk.project.paths.root,
          timeoutMs: task.limits.minutes * 60_000,
          signal: desk.signal,
        }),
      );
      const parsed =
        reply.answer === null || reply.answer === undefined
          ? { ok: false as const, why: 'there was no structured answer, and words alone are not acted on' }
          : parseAnswer(task, reply.answer);
      if (parsed.ok) return parsed;
      why = parsed.why;
    } catch (error) {
      why = passing(error).message;
    }
    if (tries === 2) return { ok: false, why };
    prompt = `${task.prompt}\n\nYour last answer could not be used: ${clip(oneLine(why), 300)}. Answer again.`;
  }
}

/** Errors that are a fault of this one answer; all others are thrown on. */
function passing(error: unknown): ProviderError {
  if (error instanceof ProviderError && error.fault === 'bad_answer') return error;
  throw error;
}

function parseAnswer<A>(task: Task<A>, input: unknown): Said<A> {
  const parsed = task.answer.schema.safeParse(input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') ?? '';
    const what = clip(oneLine(issue?.message ?? 'wrong form'), 160);
    return {
      ok: false,
      why: `${task.answer.name} has not its form: ${where === '' ? '' : `"${clip(where, 60)}": `}${what}`,
    };
  }
  const problem = task.check(parsed.data);
  return problem === null ? { ok: true, answer: parsed.data } : { ok: false, why: problem };
}

/** Read by the loop for the leader in any case, or written from its answers: paid for twice otherwise. */
const DONE_FOR_LEADER = ['read_memory', 'log_memory'];

function toolsOf(tools: readonly AnyTool[], role: Role): AnyTool[] {
  const own = tools.filter(({ audience }) => audience.includes(role));
  return role === 'leader' ? own.filter(({ name }) => !DONE_FOR_LEADER.includes(name)) : own;
}

function cleaned(turn: Turn, clean: (text: string) => string): Turn {
  if (turn.from === 'user') return { ...turn, text: clean(turn.text) };
  if (turn.from === 'model') return turn;
  return { ...turn, results: turn.results.map((result) => ({ ...result, text: clean(result.text) })) };
}

/** At most: text is three characters a token or more, save for scripts that are rare in code and logs. */
const reckon = (chars: number, output: number): Usage => ({
  input: 0,
  cached: 0,
  cacheWrite: Math.ceil(chars / 3),
  output,
  reasoning: 0,
});

/** What a CLI takes cannot be known before; it is reckoned as twice its average so far, at first as a middling session. */
function ofAgent(
  known:
    | { calls: number; tokens: { input: number; cached: number; cache_write: number; output: number } }
    | undefined,
): Usage {
  const { calls = 0, tokens } = known ?? {};
  if (calls === 0 || tokens === undefined)
    return { input: 20_000, cached: 60_000, cacheWrite: 20_000, output: 6000, reasoning: 0 };
  const twice = (sum: number): number => Math.ceil((2 * sum) / calls);
  return {
    input: twice(tokens.input),
    cached: twice(tokens.cached),
    cacheWrite: twice(tokens.cache_write),
    output: twice(tokens.output),
    reasoning: 0,
  };
}
