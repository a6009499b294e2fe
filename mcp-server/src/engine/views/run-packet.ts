import { budgetWords } from '../../core/budget.js';
import type { RunView } from '../../core/run.js';
import { secretValues } from '../../core/secrets.js';
import { readCampaign } from '../../store/ledger.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';
import { currentUse } from '../runs/budget.js';
import { curveOf } from '../runs/curve.js';
import { type RunPacket, runPacket } from './packet.js';

/** All that an agent needs to judge a run: how it ended, its verdict, its curve, its cost, what is left, the end of its log. */
export function fullPacket(lab: Pick<Lab, 'clock' | 'env'>, project: Project, run: RunView): RunPacket {
  const { campaign } = readCampaign(project.paths.ledger);
  const { budget, experiment } = project.config;
  return runPacket(run, experiment.log_tail_lines, {
    curve: curveOf(project, campaign, run),
    budgets: budgetWords(budget, currentUse(project, campaign, lab.clock())),
    secrets: secretValues(lab.env, experiment.secret_env),
  });
}
