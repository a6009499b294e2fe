import type { GpuSurvey } from '../../core/gpu.js';
import { markReserved } from '../../core/gpus/choose.js';
import type { Lab } from '../lab.js';
import { liveLeases } from '../runs/leasing.js';

/** The GPUs of this machine, with what runs of this user hold shown as reserved. */
export async function gpusForAgent(lab: Lab, signal: AbortSignal): Promise<GpuSurvey> {
  const survey = await lab.surveyGpus(signal);
  const leased = survey.gpus.length === 0 ? [] : await liveLeases(lab);
  return markReserved(survey, { reserveLast: lab.open().config.gpu.reserve_last, leased });
}
