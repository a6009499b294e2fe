import type { GpuSurvey } from '../../core/gpu.js';
import type { Clock, SurveyGpus } from '../../core/ports.js';

const MAX_AGE_MS = 2000;

/** Spares the driver: a survey is answered with the last one while that is young enough for whoever asks. */
export function recentSurvey(clock: Clock, ask: (signal?: AbortSignal) => Promise<GpuSurvey>): SurveyGpus {
  let last: { at: number; survey: GpuSurvey } | undefined;
  return async (signal, maxAgeMs = MAX_AGE_MS) => {
    const at = clock();
    if (last !== undefined && at - last.at < maxAgeMs) return last.survey;
    const survey = await ask(signal);
    last = { at, survey };
    return survey;
  };
}
