import { z } from 'zod';
import type { Usage } from '../../core/provider.js';
import { split, Tokens } from './shapes.js';

/** What the JSON Lines of `codex exec --json` have told so far. */
export interface CodexStory {
  /** The last words of the model. */
  text: string;
  /** Null until a turn was completed. */
  usage: Usage | null;
  /** The last trouble that Codex told of, since its last step. */
  trouble: string | null;
  failed: boolean;
  /** When that trouble began. Milliseconds since 1970. */
  troubleAt: number;
}

export const emptyStory = (now: number): CodexStory => ({
  text: '',
  usage: null,
  trouble: null,
  failed: false,
  troubleAt: now,
});

/** Takes one line in. What is no event is passed over: newer versions say more. */
export function tell(story: CodexStory, line: string, now: number): void {
  const event = eventIn(line);
  if (event === null) return;
  switch (event.type) {
    case 'error':
      if (story.trouble === null) story.troubleAt = now;
      story.trouble = event.message ?? 'unknown trouble';
      return;
    case 'turn.failed':
      story.failed = true;
      story.trouble = event.error?.message ?? story.trouble ?? 'unknown trouble';
      return;
    case 'turn.completed': {
      const { usage } = event;
      story.trouble = null;
      if (usage != null)
        story.usage = split(
          usage.input_tokens,
          usage.cached_input_tokens,
          usage.cache_write_input_tokens,
          usage.output_tokens,
          usage.reasoning_output_tokens,
        );
      return;
    }
    default:
      // Notes about settings come as items too.
      if (event.item === undefined || event.item.type === 'error') return;
      if (event.item.type === 'agent_message') story.text = event.item.text ?? '';
      story.trouble = null;
  }
}

function eventIn(line: string): z.output<typeof Event> | null {
  try {
    return Event.safeParse(JSON.parse(line)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const Event = z.looseObject({
  type: z.string(),
  message: z.string().optional(),
  error: z.looseObject({ message: z.string().optional() }).nullish(),
  item: z.looseObject({ type: z.string(), text: z.string().optional() }).optional(),
  usage: z
    .looseObject({
      input_tokens: Tokens,
      cached_input_tokens: Tokens,
      cache_write_input_tokens: Tokens,
      output_tokens: Tokens,
      reasoning_output_tokens: Tokens,
    })
    .nullish(),
});
