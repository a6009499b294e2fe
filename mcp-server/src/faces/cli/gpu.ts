import { LabError } from '../../core/errors.js';
import { GpuSurvey } from '../../core/gpu.js';
import { markReserved } from '../../core/gpus/choose.js';
import { liveLeases } from '../../engine/runs/leasing.js';
import { renderGpus } from '../../engine/views/gpu-text.js';
import { readLeases } from '../../store/leases.js';
import type { Command } from '../command.js';
import { outJson } from './shared.js';

export const command: Command = {
  name: 'gpu',
  summary: 'The GPUs of this machine: which is free, and who holds which.',
  usage: 'gpu [--json]',
  flags: { server: { kind: 'value', value: 'USER@HOST', help: 'Another machine; not in this version.' } },
  json: true,
  project: false,
  words: 0,
  async run(console, args) {
    if (args.values.server !== undefined) {
      throw new LabError(
        'gpu --server is not supported by this version',
        'run it there: ssh HOST auto-experiment gpu',
      );
    }
    const lab = console.lab(console.cwd);
    const survey = await lab.surveyGpus(console.signal);
    const leased = survey.gpus.length === 0 ? [] : await liveLeases(lab);
    const shown = markReserved(survey, { reserveLast: lab.open().config.gpu.reserve_last, leased });
    if (args.switches.json === true) outJson(console, GpuSurvey.parse(shown));
    else
      console.out(
        `${renderGpus(
          shown,
          readLeases(lab.leases).flatMap(({ lease }) =>
            lease !== null && leased.includes(lease.uuid) ? [lease] : [],
          ),
        )}\n`,
      );
    return 0;
  },
};
