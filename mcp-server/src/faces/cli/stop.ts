import { requestStop } from '../../engine/runs/stop.js';
import { viewRun } from '../../engine/runs/view.js';
import { readCampaign } from '../../store/ledger.js';
import { readRun } from '../../store/runs.js';
import { type Command, UsageError } from '../command.js';
import { labOf, outJson } from './shared.js';
import { waitAndShow } from './wait.js';

export const command: Command = {
  name: 'stop',
  summary:
    'Stop a run: SIGTERM, time to write a checkpoint, SIGKILL; then verify that nothing of it is left.',
  usage: 'stop RUN [--project DIR] [--json]',
  flags: {},
  json: true,
  project: true,
  words: 1,
  async run(console, args) {
    const [id] = args.words;
    if (id === undefined) throw new UsageError('which run? usage: auto-experiment stop RUN');
    const lab = labOf(console, args);
    const project = lab.open();
    if (await requestStop(lab, project, id, 'cli')) {
      console.err(`stopping ${id}; up to ${project.config.experiment.stop_grace} s for a checkpoint\n`);
      return waitAndShow(console, args, lab, project, id, null);
    }
    const { campaign } = readCampaign(project.paths.ledger);
    const run = viewRun(project.paths, readRun(project.paths.runs, id), campaign.runs.get(id), lab.clock());
    if (args.switches.json === true) outJson(console, run);
    else console.out(`${id} has ended already: ${run.ending}\n`);
    return 0;
  },
};
