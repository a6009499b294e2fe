import { z } from 'zod';
import { errorText, LabError } from '../core/errors.js';
import { clip, nearest, plain } from '../core/text.js';
import type { Lab } from './lab.js';

/** `read` changes nothing; `write` changes files of the project; `launch` uses the machine. */
type Effect = 'read' | 'write' | 'launch';

/** Who is offered a tool: the host agent, or a role of the headless loop. */
export type Audience = 'host' | 'leader' | 'idea' | 'code' | 'writing';

/** What a running tool may tell and heed. */
export interface ToolContext {
  signal: AbortSignal;
  /** Who calls. */
  role: Audience;
  /** Says how far a long call is. `progress` only ever grows. */
  progress(message: string, progress: number, total?: number): void;
}

export interface Tool<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  name: string;
  title: string;
  description: string;
  effect: Effect;
  /** Calling it again with the same arguments changes nothing more. */
  idempotent: boolean;
  audience: readonly Audience[];
  input: I;
  output: O;
  run(lab: Lab, input: z.output<I>, context: ToolContext): Promise<z.input<O>>;
  /** For a call of hours: the same for a client that asks now and then instead of holding the line. */
  polled?: Polled<I, O>;
  /** Pure text form of the data; nothing stands only here. */
  render(output: z.output<O>): string;
}

interface Polled<I extends z.ZodType, O extends z.ZodType> {
  /** A word of `[\w.!-]` that holds all that is needed to look later, by whichever server. */
  begin(lab: Lab, input: z.output<I>): string;
  /** What came of it, or how far it is in words. `begun`: milliseconds since 1970. */
  look(lab: Lab, word: string, begun: number): Promise<z.input<O> | string>;
}

interface Told {
  data: Record<string, unknown>;
  text: string;
}

/** A tool without its type parameters, for lists of tools. */
export interface AnyTool extends Omit<Tool, 'run' | 'render' | 'polled'> {
  call(lab: Lab, args: unknown, context: ToolContext): Promise<Told>;
  polled: {
    begin(lab: Lab, args: unknown): string;
    look(lab: Lab, word: string, begun: number): Promise<Told | string>;
  } | null;
}

/** Declares a tool. Arguments are parsed strictly, and what it returns is checked against `output`. */
export function defineTool<I extends z.ZodType, O extends z.ZodType>(tool: Tool<I, O>): AnyTool {
  const { run, render, polled, ...rest } = tool;
  const parse = (args: unknown): z.output<I> => {
    const input = tool.input.safeParse(args ?? {});
    if (input.success) return input.data;
    const known = tool.input instanceof z.ZodObject ? Object.keys(tool.input.shape) : [];
    throw wrongArguments(tool.name, known, input.error);
  };
  const tell = (found: z.input<O>): Told => {
    const output = tool.output.parse(found);
    return { data: toObject(output), text: render(output) };
  };
  return {
    ...rest,
    call: async (lab, args, context) => tell(await run(lab, parse(args), context)),
    polled:
      polled === undefined
        ? null
        : {
            begin: (lab, args) => polled.begin(lab, parse(args)),
            async look(lab, word, begun) {
              const found = await polled.look(lab, word, begun);
              return typeof found === 'string' ? found : tell(found);
            },
          },
  };
}

const Properties = z.record(z.string(), z.json());

/** JSON Schema of what a tool takes, without what every client knows already. */
export function inputSchema(input: z.ZodType) {
  const { properties, required, additionalProperties } = z.toJSONSchema(input, { io: 'input' });
  return {
    type: 'object' as const,
    properties: Properties.parse(properties ?? {}),
    ...(required === undefined ? {} : { required }),
    ...(additionalProperties === false ? { additionalProperties: false as const } : {}),
  };
}

export interface Answer {
  ok: boolean;
  data: Record<string, unknown>;
  text: string;
}

/** Longest text of one answer, in characters; about 2,300 tokens of English. */
const ANSWER_CHARS = 8000;
const ERROR_CHARS = 6000;
const HINT_CHARS = 1000;

/** The only place where a tool's error is caught. An error of ours is told with its hint, any other is told as a defect. */
export async function invoke(tool: AnyTool, lab: Lab, args: unknown, context: ToolContext): Promise<Answer> {
  const found = await caught(tool, () => tool.call(lab, args, context), context.signal);
  return 'ok' in found ? found : answerOf(found);
}

/** Begins a call that is asked about later: the word to ask by, or why it cannot be. */
export const beginPolled = (
  { tool, polled }: PolledTool,
  lab: Lab,
  args: unknown,
): Promise<string | Answer> => caught(tool, async () => polled.begin(lab, args));

/** How it stands: the answer when it is over, else words. `begun` is when it began, milliseconds since 1970. */
export async function lookAtPolled(
  { tool, polled }: PolledTool,
  lab: Lab,
  word: string,
  begun: number,
): Promise<string | Answer> {
  const found = await caught(tool, () => polled.look(lab, word, begun));
  return typeof found === 'string' || 'ok' in found ? found : answerOf(found);
}

/** A tool of which a client may ask now and then; null for none, and for one that answers at once. */
export const asPolled = (tool: AnyTool | undefined): PolledTool | null =>
  tool?.polled == null ? null : { tool, polled: tool.polled };

interface PolledTool {
  tool: AnyTool;
  polled: NonNullable<AnyTool['polled']>;
}

async function caught<T>(tool: AnyTool, act: () => Promise<T>, signal?: AbortSignal): Promise<T | Answer> {
  try {
    return await act();
  } catch (error) {
    if (signal?.aborted === true)
      return failure('cancelled', 'nothing was changed by the cancelling; runs go on');
    if (error instanceof LabError) return failure(error.message, error.hint);
    return failure(
      `internal error in ${tool.name}: ${errorText(error)}`,
      'this is a defect of auto-experiment; please report it',
    );
  }
}

const answerOf = ({ data, text }: Told): Answer => ({ ok: true, data, text: bounded(text) });

function failure(message: string, hint: string): Answer {
  const text = `${shorten(plain(message), ERROR_CHARS)}\nhint: ${shorten(plain(hint), HINT_CHARS)}`;
  return { ok: false, data: { error: { message, hint } }, text };
}

function bounded(text: string): string {
  return shorten(text, ANSWER_CHARS);
}

function shorten(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max)}\n… ${text.length - max} characters cut`;
}

function wrongArguments(name: string, known: readonly string[], error: z.ZodError): LabError {
  const issue = error.issues[0];
  const where = issue?.path.join('.') ?? '';
  if (issue?.code === 'unrecognized_keys') {
    const close = nearest(issue.keys[0] ?? '', known);
    const hint =
      close === undefined ? `it takes ${known.join(', ') || 'no arguments'}` : `did you mean ${close}?`;
    return new LabError(`${name}: there is no argument "${clip(issue.keys[0] ?? '', 80)}"`, hint);
  }
  return new LabError(
    `${name}: ${where === '' ? '' : `"${where}": `}${issue?.message ?? 'wrong arguments'}`,
    `it takes ${known.join(', ') || 'no arguments'}`,
  );
}

function toObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : { value };
}
