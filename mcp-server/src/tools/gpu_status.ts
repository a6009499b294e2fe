import { z } from 'zod';
import { GpuSurvey } from '../core/gpu.js';
import { gpusForAgent } from '../engine/agent/gpus.js';
import { defineTool } from '../engine/tool.js';
import { renderGpus } from '../engine/views/gpu-text.js';

export const gpuStatusTool = defineTool({
  name: 'gpu_status',
  title: 'GPUs',
  description:
    'Each GPU of the machine that runs go to: free, busy, reserved by a run, or sick; memory, load, and who uses it.',
  effect: 'read',
  idempotent: true,
  audience: ['host', 'leader'],
  input: z.strictObject({}),
  output: GpuSurvey,
  run: (lab, _input, { signal }) => gpusForAgent(lab, signal),
  render: (survey) => renderGpus(survey),
});
