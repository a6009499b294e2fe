import { type BudgetUse, budgetRefusal, budgetUse } from '../../core/budget.js';
import type { Campaign } from '../../core/campaign.js';
import { LabError } from '../../core/errors.js';
import { toTrainOn } from '../../core/gpus/aside.js';
import type { RunRecord } from '../../core/run-record.js';
import type { Project } from '../../store/project.js';
import { readRuns } from '../../store/runs.js';
import type { Lab } from '../lab.js';

/** What the campaign has used up to now, runs under way included. `runs` spares whoever has read them another reading. */
export function currentUse(
  project: Project,
  campaign: Campaign,
  now: number,
  runs: readonly RunRecord[] = activeRuns(project),
): BudgetUse {
  return budgetUse(campaign, runs.filter((run) => run.state !== 'ended').map(heldGpus), now);
}

/**
 * The time limit of one more run, in seconds or null: what was asked for, shortened so that no budget can be exceeded
 * by it. Throws LabError when a budget leaves nothing.
 */
export async function limitsWithinBudget(
  lab: Pick<Lab, 'clock' | 'surveyGpus'>,
  project: Project,
  campaign: Campaign,
  wanted: number | 'auto',
  asked: number | null,
): Promise<number | null> {
  const limits = project.config.budget;
  const now = lab.clock();
  const active = activeRuns(project);
  const use = budgetUse(campaign, active.map(heldGpus), now);
  const refusal = budgetRefusal(limits, use, null);
  if (refusal !== null) throw overBudget(refusal);
  const caps = [asked, limits.wall_clock === undefined ? null : limits.wall_clock - use.wall_clock];
  if (limits.gpu_hours !== undefined) {
    const gpus = wanted === 'auto' ? Math.min(1, toTrainOn((await lab.surveyGpus()).gpus).length) : wanted;
    if (gpus > 0) {
      const promised = active.reduce((sum, run) => sum + promisedGpuHours(run, now), 0);
      const left = limits.gpu_hours - use.gpu_hours - promised;
      if (left * 3600 < gpus) {
        throw overBudget(
          `the ${limits.gpu_hours} GPU-hours of the budget are used or promised to runs under way`,
        );
      }
      caps.push((left * 3600) / gpus);
    }
  }
  const set = caps.filter((cap): cap is number => cap !== null);
  return set.length === 0 ? null : Math.min(...set);
}

const overBudget = (why: string): LabError =>
  new LabError(
    `no run was launched: ${why}`,
    'raise it under budget: in config.yaml (or budgets: in the brief), or finish here with: auto-experiment report',
  );

const activeRuns = (project: Project): RunRecord[] =>
  readRuns(project.paths.runs).records.filter((run) => run.state !== 'ended');

function heldGpus(run: RunRecord): { startedAt: number | null; gpus: number } {
  return { startedAt: run.started_at === null ? null : Date.parse(run.started_at), gpus: run.gpus.length };
}

/** GPU-hours that a run under way may still take; one without a limit has promised nothing. */
function promisedGpuHours(run: RunRecord, now: number): number {
  const limit = run.limits.time_limit;
  if (limit === null) return 0;
  const gpus = run.gpus.length > 0 ? run.gpus.length : run.gpus_wanted === 'auto' ? 1 : run.gpus_wanted;
  const elapsed = run.started_at === null ? 0 : (now - Date.parse(run.started_at)) / 1000;
  return (gpus * Math.max(0, limit - elapsed)) / 3600;
}
