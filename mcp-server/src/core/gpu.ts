import { z } from 'zod';

/** One GPU as shown everywhere. What the driver does not tell is null. */
export const Gpu = z.strictObject({
  index: z.number().int(),
  uuid: z.string().nullable(),
  vendor: z.string(),
  name: z.string().nullable(),
  memory_used_mb: z.number().nullable(),
  memory_total_mb: z.number().nullable(),
  utilization_pct: z.number().nullable(),
  temperature_c: z.number().nullable(),
  power_w: z.number().nullable(),
  processes: z.array(
    z.strictObject({
      pid: z.number().int(),
      name: z.string().nullable(),
      user: z.string().nullable(),
      memory_mb: z.number().nullable(),
    }),
  ),
  state: z.enum(['free', 'busy', 'reserved', 'error']),
});
export type Gpu = z.output<typeof Gpu>;

export const GpuSurvey = z.strictObject({
  machine: z.string(),
  gpus: z.array(Gpu),
  error: z.string().nullable(),
  notes: z.array(z.string()).optional().describe('what a person should know although it is no error'),
  sick: z
    .record(z.string(), z.string())
    .optional()
    .describe('why nothing is started on a GPU, by its UUID, else by vendor and index'),
});
export type GpuSurvey = z.output<typeof GpuSurvey>;
