import { z } from 'zod';
import { listFolder } from '../engine/agent/files.js';
import { defineTool } from '../engine/tool.js';

export const listFilesTool = defineTool({
  name: 'list_files',
  title: 'List a folder',
  description: 'Files and folders of the project, at most 150 entries.',
  effect: 'read',
  idempotent: true,
  audience: ['host', 'code', 'writing'],
  input: z.strictObject({
    path: z.string().default('.').describe('relative to the project'),
    depth: z.number().int().min(1).max(5).default(1),
  }),
  output: z.strictObject({
    entries: z.array(
      z.strictObject({
        path: z.string(),
        kind: z.enum(['file', 'folder', 'link', 'other']),
        bytes: z.number().nullable(),
      }),
    ),
    truncated: z.boolean(),
  }),
  run: (lab, input) => listFolder(lab, lab.open(), input.path, input.depth),
  render: ({ entries, truncated }) =>
    [
      ...entries.map(
        (entry) =>
          `${entry.path}${entry.kind === 'folder' ? '/' : entry.kind === 'link' ? ' (link)' : ''}${entry.bytes === null ? '' : `  ${entry.bytes}`}`,
      ),
      ...(truncated ? ['… more; name a folder'] : []),
    ].join('\n'),
});
