import { z } from 'zod';
import { CampaignView } from '../core/view.js';
import { setCampaign } from '../engine/agent/campaign.js';
import { defineTool } from '../engine/tool.js';

export const setCampaignTool = defineTool({
  name: 'set_campaign',
  title: 'Begin or end a campaign',
  description:
    'Begins an unattended campaign with the limits that the person gave (again: goes on, the count stays), or ends it with stop.',
  effect: 'write',
  idempotent: true,
  audience: ['host'],
  input: z.strictObject({
    max_cycles: z.number().int().min(1).max(10_000).optional(),
    gpus: z.array(z.number().int().min(0)).min(1).max(64).optional().describe('indices to keep to'),
    stop: z.string().min(1).max(500).optional().describe('why it ends'),
  }),
  output: z.strictObject({ campaign: CampaignView.nullable(), stopped: z.string().nullable() }),
  run: async (lab, input) => setCampaign(lab, lab.open(), input),
  render: ({ campaign, stopped }) =>
    campaign !== null
      ? `campaign under way: ${campaign.cycles_used} of ${campaign.max_cycles} cycles used`
      : `no campaign is under way${stopped === null ? '' : `; stopped: ${stopped}`}`,
});
