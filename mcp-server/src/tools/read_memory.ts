import { z } from 'zod';
import { recallForAgent } from '../engine/agent/memory.js';
import { defineTool } from '../engine/tool.js';

export const readMemoryTool = defineTool({
  name: 'read_memory',
  title: 'Read brief and memory',
  description:
    'The person’s brief and MEMORY_LOG.md: all that must be known to go on, in at most 5,000 characters.',
  effect: 'read',
  idempotent: true,
  audience: ['host', 'leader'],
  input: z.strictObject({}),
  output: z.strictObject({ brief: z.string(), memory: z.string(), notes: z.array(z.string()) }),
  run: async (lab) => recallForAgent(lab.open()),
  render: ({ brief, memory, notes }) =>
    [brief, memory, ...notes.map((note) => `note: ${note}`)].filter((part) => part !== '').join('\n\n'),
});
