import { z } from 'zod';
import { StatedPrediction } from '../core/predictions.js';
import { launchForAgent } from '../engine/agent/launch.js';
import { defineTool } from '../engine/tool.js';
import { RunPacket, runPacketText } from '../engine/views/packet.js';

const Argv = z.union([z.string().min(1).max(8000), z.array(z.string()).min(1).max(500)]);

export const launchExperimentTool = defineTool({
  name: 'launch_experiment',
  title: 'Launch a training run',
  description:
    'Queues one training run and returns its id at once. Changed code is launched only after its short dry run ended well; a failing one is answered with the end of its output. Then call wait_for_experiment.',
  effect: 'launch',
  idempotent: false,
  audience: ['host', 'code'],
  input: z.strictObject({
    command: Argv.describe('argv, or one line without shell syntax'),
    title: z.string().max(200).optional().describe('one line: what this run tries'),
    hypothesis: z.string().max(500).optional(),
    prediction: StatedPrediction.optional().describe('said in advance; scored in the report'),
    dry_run: Argv.optional().describe('the command made short, where config.yaml declares none'),
    gpus: z.number().int().min(0).max(64).optional(),
    time_limit_s: z.number().positive().optional(),
  }),
  output: z.strictObject({ run: RunPacket, notes: z.array(z.string()) }),
  run: (lab, input, context) => launchForAgent(lab, lab.open(), input, context),
  render: ({ run, notes }) =>
    [
      runPacketText(run),
      ...notes.map((note) => `note: ${note}`),
      `next: wait_for_experiment {"run":"${run.id}"}`,
    ].join('\n'),
});
