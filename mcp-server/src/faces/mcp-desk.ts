import { errorCode, LabError } from '../core/errors.js';
import { nearest, plain } from '../core/text.js';
import { withNews } from '../engine/agent/receipts.js';
import type { Lab } from '../engine/lab.js';
import {
  type Answer,
  type AnyTool,
  type Audience,
  asPolled,
  beginPolled,
  inputSchema,
  invoke,
  lookAtPolled,
  type ToolContext,
} from '../engine/tool.js';
import { promptsFor } from '../engine/views/prompts.js';
import { RESOURCES, readResource } from '../engine/views/resources.js';
import { readCampaign } from '../store/ledger.js';

/** What is behind the door of the MCP server (`mcp.ts`): the tools, resources and prompts of a role, in our own words. */
export type Desk = ReturnType<typeof openDesk>;

/** The desk over the one list of tools. `role` narrows it to what that role is offered. */
export function openDesk(lab: Lab, tools: readonly AnyTool[], role: Audience, packageRoot: string) {
  const offered = tools.filter((tool) => tool.audience.includes(role));
  const toolOf = (name: string): AnyTool | undefined => offered.find((known) => known.name === name);
  // Workers of the headless loop are told of endings by the loop.
  const withEndings = (found: Answer): Answer => (role === 'host' ? told(lab, found) : found);
  return {
    tools: () => offered.map(describe),

    async call(name: string, args: unknown, context: Omit<ToolContext, 'role'>): Promise<Answer> {
      const tool = toolOf(name);
      if (tool === undefined) return noTool(name, offered);
      const found = await invoke(tool, lab, args, { ...context, role });
      // A call that was given up reaches nobody.
      return context.signal.aborted ? found : withEndings(found);
    },

    /** A call that its client wants to ask about later: a name to ask by; null where the tool answers at once. */
    async begin(name: string, args: unknown): Promise<string | Answer | null> {
      const polled = asPolled(toolOf(name));
      if (polled === null) return null;
      const word = await beginPolled(polled, lab, args);
      return typeof word === 'string' ? `${name}-${lab.clock()}-${word}` : withEndings(word);
    },

    /** The answer to such a call when it is over, else words; null for a name that `begin` has not given. */
    async look(task: string): Promise<string | Answer | null> {
      const [, name, begun, word] = /^(\w+)-(\d{13})-(.+)$/.exec(task) ?? [];
      const polled = asPolled(toolOf(name ?? ''));
      if (polled === null || word === undefined) return null;
      const found = await lookAtPolled(polled, lab, word, Number(begun));
      return typeof found === 'string' ? found : withEndings(found);
    },

    resources: () =>
      RESOURCES.map(({ uri, name, description, mimeType }) => ({ uri, name, description, mimeType })),

    /** Null when there is no such resource. Throws LabError where the project cannot be read. */
    resource: (uri: string) => readResource(lab, uri),

    prompts: () =>
      promptsFor(packageRoot, role).map(({ name, description }) => ({
        name,
        description,
        arguments: [{ name: 'request', description: 'options and words of the person', required: false }],
      })),

    /** A prompt with what the person added; null when there is no such prompt. */
    prompt(name: string, request: string): { description: string; text: string } | null {
      const prompt = promptsFor(packageRoot, role).find((known) => known.name === name);
      return prompt === undefined ? null : { description: prompt.description, text: prompt.text(request) };
    },

    /** Said to every session at its start, also where the host runs no hooks; null when nothing is under way. */
    underWay(): string | null {
      // A project that cannot be read says so later.
      const contract = readable(() => readCampaign(lab.open().paths.ledger).campaign.contract, null);
      return contract === null
        ? null
        : `When this server started, a campaign was under way (${contract.cyclesUsed} of ${contract.maxCycles} cycles used): to go on with it, begin at step 1 of the skill auto-experiment.`;
    },
  };
}

function noTool(name: string, offered: readonly AnyTool[]): Answer {
  const names = offered.map((known) => known.name);
  const close = nearest(name, names);
  const hint = close === undefined ? `the tools are ${names.join(', ')}` : `did you mean ${close}?`;
  return { ok: false, data: {}, text: `there is no tool "${plain(name.slice(0, 80))}"\nhint: ${hint}` };
}

/** With endings that nobody has fetched. An answer that cannot have them says itself what is wrong with the project. */
const told = (lab: Lab, found: Answer): Answer => readable(() => withNews(lab, lab.open(), found), found);

/** What `read` gives; `otherwise` where the project cannot be read. */
function readable<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof LabError || errorCode(error) !== undefined) return otherwise;
    throw error;
  }
}

function describe(tool: AnyTool) {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: inputSchema(tool.input),
    annotations: {
      readOnlyHint: tool.effect === 'read',
      destructiveHint: false,
      idempotentHint: tool.idempotent,
      openWorldHint: false,
    },
  };
}
