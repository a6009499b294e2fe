import { z } from 'zod';
import { remember } from '../engine/agent/memory.js';
import { defineTool } from '../engine/tool.js';

export const logMemoryTool = defineTool({
  name: 'log_memory',
  title: 'Remember one line',
  description: 'Adds one line to the ledger and to MEMORY_LOG.md: a decision and why, or a key result.',
  effect: 'write',
  idempotent: false,
  audience: ['host', 'leader'],
  input: z.strictObject({
    text: z.string().min(1).max(2000),
    kind: z.enum(['decision', 'result']).default('decision'),
    run: z.string().optional().describe('run id that it is about'),
    directive_done: z
      .string()
      .min(3)
      .optional()
      .describe('first words of a directive that was acted on; text says what was done'),
  }),
  output: z.strictObject({ memory: z.string() }),
  run: async (lab, input) =>
    remember(lab, lab.open(), {
      kind: input.kind,
      text: input.text,
      run: input.run ?? null,
      directive: input.directive_done ?? null,
    }),
  render: ({ memory }) => memory,
});
