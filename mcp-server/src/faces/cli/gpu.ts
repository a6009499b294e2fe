import { GpuSurvey } from '../../core/gpu.js';
import { markReserved } from '../../core/gpus/choose.js';
import { liveLeases } from '../../engine/runs/leasing.js';
import { surveyHost } from '../../engine/runs/survey-host.js';
import { renderGpus } from '../../engine/views/gpu-text.js';
import { readLeases } from '../../store/leases.js';
import type { Command } from '../command.js';
import { outJson } from './shared.js';

export const command: Command = {
  name: 'gpu',
  summary: 'The GPUs of this machine: which is free, and who holds which.',
  usage: 'gpu [--server USER@HOST[,…]] [--json]',
  flags: {
    server: { kind: 'value', value: 'USER@HOST', help: 'Another machine, over SSH; several with commas.' },
  },
  json: true,
  project: false,
  words: 0,
  async run(console, args) {
    const lab = console.lab(console.cwd);
    const hosts = (args.values.server ?? '').split(',').filter(Boolean);
    if (hosts.length > 0) {
      const surveys = await Promise.all(hosts.map((host) => surveyHost(lab, host, console.signal)));
      if (args.switches.json === true) outJson(console, hosts.length === 1 ? surveys[0] : surveys);
      else console.out(`${surveys.map((survey) => renderGpus(survey)).join('\n\n')}\n`);
      return surveys.every((survey) => survey.error === null) ? 0 : 1;
    }
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
