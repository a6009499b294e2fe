import { z } from 'zod';
import { writePage } from '../engine/agent/files.js';
import { defineTool } from '../engine/tool.js';

export const writeFileTool = defineTool({
  name: 'write_file',
  title: 'Write a file',
  description:
    'Replaces or makes one text file of the project. The brief, config, memory, directive, ledger, run records and .git are protected.',
  effect: 'write',
  idempotent: true,
  audience: ['host', 'idea', 'code', 'writing'],
  input: z.strictObject({ path: z.string().min(1).describe('relative to the project'), text: z.string() }),
  output: z.strictObject({ path: z.string(), bytes: z.number() }),
  run: (lab, input) => writePage(lab, lab.open(), input.path, input.text),
  render: ({ path, bytes }) => `${path}: ${bytes} bytes written`,
});
