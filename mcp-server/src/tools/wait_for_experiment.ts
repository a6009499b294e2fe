import { z } from 'zod';
import { beginWait, lookAtWait, waitForAgent } from '../engine/agent/wait.js';
import { defineTool } from '../engine/tool.js';
import { RunPacket, runPacketText } from '../engine/views/packet.js';

export const waitForExperimentTool = defineTool({
  name: 'wait_for_experiment',
  title: 'Wait for a training run',
  description:
    'Blocks, for hours if need be and without any model call, until a run ended, a stop rule fired, a new directive waits, or the timeout is over. Cancelling it does not touch the run.',
  effect: 'read',
  idempotent: true,
  audience: ['host'],
  input: z.strictObject({
    run: z.string().optional().describe('run id; default: any run that has not ended'),
    timeout_s: z.number().min(0).max(1_000_000).default(86_400),
  }),
  output: z.strictObject({
    reason: z.enum(['ended', 'rule', 'directive', 'timeout']),
    run: RunPacket.nullable(),
    directive: z.string().nullable(),
    waited_s: z.number(),
    still_running: z.array(z.string()),
  }),
  run: (lab, input, context) => waitForAgent(lab, lab.open(), input, context),
  polled: {
    begin: (lab, input) => beginWait(lab.open(), input),
    look: (lab, word, begun) => lookAtWait(lab, lab.open(), word, begun),
  },
  render: (packet) =>
    [
      `${packet.reason} after ${Math.round(packet.waited_s)} s${packet.still_running.length === 0 ? '' : `; still running: ${packet.still_running.join(', ')}`}`,
      ...(packet.directive === null ? [] : [`directive from the person: ${packet.directive}`]),
      ...(packet.run === null ? [] : [runPacketText(packet.run)]),
    ].join('\n'),
});
