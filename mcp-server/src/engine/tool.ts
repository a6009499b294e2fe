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
  /** Pure text form of the data; nothing stands only here. */
  render(output: z.output<O>): string;
}

/** A tool without its type parameters, for lists of tools. */
export interface AnyTool extends Omit<Tool, 'run' | 'render'> {
  call(
    lab: Lab,
    args: unknown,
    context: ToolContext,
  ): Promise<{ data: Record<string, unknown>; text: string }>;
}

/** Declares a tool. Arguments are parsed strictly, and what it returns is checked against `output`. */
export function defineTool<I extends z.ZodType, O extends z.ZodType>(tool: Tool<I, O>): AnyTool {
  const { run, render, ...rest } = tool;
  return {
    ...rest,
    async call(lab, args, context) {
      const input = tool.input.safeParse(args ?? {});
      if (!input.success)
        throw wrongArguments(
          tool.name,
          tool.input instanceof z.ZodObject ? Object.keys(tool.input.shape) : [],
          input.error,
        );
      const output = tool.output.parse(await run(lab, input.data, context));
      return { data: toObject(output), text: render(output) };
    },
  };
}

/** JSON Schema of what a tool takes, without what every client knows already. */
export function inputSchema(input: z.ZodType): {
  type: 'object';
  properties: Record<string, object>;
  required?: string[];
  additionalProperties?: false;
} {
  const schema: Record<string, unknown> = z.toJSONSchema(input, { io: 'input' });
  const { properties, required, additionalProperties } = schema;
  return {
    type: 'object',
    properties: isRecord(properties) ? properties : {},
    ...(Array.isArray(required) ? { required: required.map(String) } : {}),
    ...(additionalProperties === false ? { additionalProperties: false } : {}),
  };
}

function isRecord(value: unknown): value is Record<string, object> {
  return typeof value === 'object' && value !== null;
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
  try {
    const { data, text } = await tool.call(lab, args, context);
    return { ok: true, data, text: bounded(text) };
  } catch (error) {
    if (context.signal.aborted)
      return failure('cancelled', 'nothing was changed by the cancelling; runs go on');
    if (error instanceof LabError) return failure(error.message, error.hint);
    return failure(
      `internal error in ${tool.name}: ${errorText(error)}`,
      'this is a defect of auto-experiment; please report it',
    );
  }
}

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
