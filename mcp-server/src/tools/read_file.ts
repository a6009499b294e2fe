import { z } from 'zod';
import { readPage } from '../engine/agent/files.js';
import { defineTool } from '../engine/tool.js';

export const readFileTool = defineTool({
  name: 'read_file',
  title: 'Read a file',
  description: 'One page of a text file of the project; go on with next_offset.',
  effect: 'read',
  idempotent: true,
  audience: ['host', 'leader', 'idea', 'code', 'writing'],
  input: z.strictObject({
    path: z.string().min(1).describe('relative to the project'),
    offset: z.number().int().min(0).default(0),
  }),
  output: z.strictObject({
    path: z.string(),
    text: z.string(),
    size: z.number(),
    next_offset: z.number().nullable(),
  }),
  run: (lab, input) => readPage(lab, lab.open(), input.path, input.offset),
  render: ({ text, next_offset, size }) =>
    `${text}${next_offset === null ? '' : `\n… ${size} bytes in all; read on with offset ${next_offset}`}`,
});
