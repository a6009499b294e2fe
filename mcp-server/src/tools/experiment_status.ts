import { z } from 'zod';
import { statusForAgent } from '../engine/agent/status.js';
import { defineTool } from '../engine/tool.js';
import { RunPacket, runPacketText, StatusPacket, statusPacketText } from '../engine/views/packet.js';

export const experimentStatusTool = defineTool({
  name: 'experiment_status',
  title: 'State of the campaign',
  description:
    'What ran, what is best, what is running, budgets, and a directive if one waits. With a run id: that run in full.',
  effect: 'read',
  idempotent: true,
  audience: ['host', 'leader'],
  input: z.strictObject({ run: z.string().optional() }),
  output: z.strictObject({ status: StatusPacket.nullable(), run: RunPacket.nullable() }),
  run: (lab, input) => statusForAgent(lab, lab.open(), input.run),
  render: ({ status, run }) =>
    [
      ...(status === null ? [] : [statusPacketText(status)]),
      ...(run === null ? [] : [runPacketText(run)]),
    ].join('\n'),
});
