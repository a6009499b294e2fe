import { LabError } from '../../core/errors.js';
import { GpuSurvey } from '../../core/gpu.js';
import { markReserved } from '../../core/gpus/choose.js';
import type { Lab } from '../lab.js';
import { liveLeases } from './leasing.js';

/** The GPUs of another machine. Never rejects for a machine that cannot be reached: its error then says why. */
export async function surveyHost(
  lab: Pick<Lab, 'at' | 'leases' | 'clock' | 'jobs'>,
  host: string,
  signal: AbortSignal,
): Promise<GpuSurvey> {
  try {
    const { surveyGpus } = await lab.at({ host, workspace: '~', args: [] });
    const survey = await surveyGpus(signal);
    const leased = survey.gpus.length === 0 ? [] : await liveLeases(lab);
    return GpuSurvey.parse(markReserved(survey, { reserveLast: false, leased }));
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { machine: host, gpus: [], error: `${error.message}: ${error.hint}` };
  }
}
