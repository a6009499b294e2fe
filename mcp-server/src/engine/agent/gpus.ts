import { firstWithin, jsonSize } from '../../core/bounded.js';
import type { Gpu, GpuSurvey } from '../../core/gpu.js';
import { markReserved } from '../../core/gpus/choose.js';
import { clip } from '../../core/text.js';
import type { Lab } from '../lab.js';
import { liveLeases } from '../runs/leasing.js';
import { surveyForRuns } from '../runs/site.js';

/** Characters of JSON of one answer. */
const MAX_JSON = 7500;

/** The GPUs of the machine that runs go to, with what runs of this user hold shown as reserved. */
export async function gpusForAgent(lab: Lab, signal: AbortSignal): Promise<GpuSurvey> {
  const { config } = lab.open();
  const { gpu, execution } = config;
  const survey = await surveyForRuns(lab, config, signal);
  const leased = survey.gpus.length === 0 ? [] : await liveLeases(lab);
  const marked = markReserved(survey, { reserveLast: gpu.reserve_last, leased });
  if (execution.mode !== 'slurm') return fitting(marked);
  const note = `runs go to Slurm, which gives them GPUs of its own (${execution.slurm.gres}, ${gpu.per_run} for each run); what is shown here is this computer`;
  return fitting({ ...marked, notes: [note, ...(marked.notes ?? [])] });
}

/** As many of each GPU's processes, the largest first, as fit into one answer; a note says what is left out. */
function fitting(survey: GpuSurvey): GpuSurvey {
  const whole = {
    ...survey,
    error: survey.error === null ? null : clip(survey.error, 600),
    notes: (survey.notes ?? []).slice(0, 4).map((note) => clip(note, 240)),
  };
  if (jsonSize(whole) <= MAX_JSON) return whole;
  for (const most of [8, 4, 2, 1, 0]) {
    const gpus = survey.gpus.map((gpu) => ({ ...gpu, processes: largest(gpu, most) }));
    const shown = firstWithin(gpus, MAX_JSON - 2000);
    if (shown.length < gpus.length && most > 0) continue;
    const left = gpus.length - shown.length;
    const note = `of each GPU at most ${most} processes are shown${left === 0 ? '' : `, and ${left} GPUs are not`}; all of them: auto-experiment gpu --json`;
    return { ...whole, gpus: shown, notes: [note, ...whole.notes] };
  }
  return whole;
}

function largest(gpu: Gpu, most: number): Gpu['processes'] {
  const sorted = [...gpu.processes].sort((a, b) => (b.memory_mb ?? 0) - (a.memory_mb ?? 0));
  return sorted
    .slice(0, most)
    .map((process) => ({ ...process, name: process.name === null ? null : clip(process.name, 80) }));
}
