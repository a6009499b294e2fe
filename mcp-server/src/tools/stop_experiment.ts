import { z } from 'zod';
import { stopForAgent } from '../engine/agent/status.js';
import { defineTool } from '../engine/tool.js';
import { RunPacket, runPacketText } from '../engine/views/packet.js';

export const stopExperimentTool = defineTool({
  name: 'stop_experiment',
  title: 'Stop a training run',
  description:
    'Ends one run of this project: SIGTERM, time to write a checkpoint, SIGKILL, and verified gone. Never touches other processes.',
  effect: 'launch',
  idempotent: true,
  audience: ['host'],
  input: z.strictObject({ run: z.string() }),
  output: z.strictObject({ run: RunPacket, stopped: z.boolean().describe('false: it had ended already') }),
  run: (lab, input, { signal }) => stopForAgent(lab, lab.open(), input.run, signal),
  render: ({ run, stopped }) => `${stopped ? '' : 'it had ended already\n'}${runPacketText(run)}`,
});
