import { z } from 'zod';
import { runShell } from '../engine/agent/shell.js';
import { defineTool } from '../engine/tool.js';

export const runShellTool = defineTool({
  name: 'run_shell',
  title: 'Run a shell command',
  description:
    'Runs one short shell command in the project folder. Bounded in time and output; nothing of it lives on. Start training with launch_experiment instead.',
  effect: 'launch',
  idempotent: false,
  audience: ['host', 'code'],
  input: z.strictObject({
    command: z.string().min(1).max(20_000).describe('for sh -c'),
    timeout_s: z.number().min(1).max(600).default(60),
  }),
  output: z.strictObject({
    exit_code: z.number().nullable(),
    signal: z.string().nullable(),
    timed_out: z.boolean(),
    stdout: z.string(),
    stderr: z.string(),
    truncated: z.boolean().describe('only the end of the output is shown'),
    sandbox: z.enum(['bubblewrap', 'none']),
    warnings: z.array(z.string()),
  }),
  run: (lab, input, { signal }) =>
    runShell(lab, lab.open(), { command: input.command, timeoutSeconds: input.timeout_s, signal }),
  render: (result) =>
    [
      result.timed_out
        ? 'timed out'
        : result.signal === null
          ? `exit code ${result.exit_code}`
          : `ended by ${result.signal}`,
      ...result.warnings.map((warning) => `warning: ${warning}`),
      ...(result.truncated ? ['(only the end of the output)'] : []),
      result.stdout,
      ...(result.stderr === '' ? [] : ['stderr:', result.stderr]),
    ].join('\n'),
});
