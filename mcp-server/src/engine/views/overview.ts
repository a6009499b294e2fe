import { armOf } from '../../core/arms.js';
import { billView } from '../../core/bill-view.js';
import { budgetViews } from '../../core/budget.js';
import type { Campaign, Contract, WholeCampaign } from '../../core/campaign.js';
import { earlyKillsOf } from '../../core/early-kills.js';
import type { Gpu, GpuSurvey } from '../../core/gpu.js';
import { gpuKey, markReserved } from '../../core/gpus/choose.js';
import { predictionsOf } from '../../core/predictions.js';
import { certaintyOf } from '../../core/ruling/certainty.js';
import type { RunView } from '../../core/run.js';
import { isUnderWay, type RunRecord } from '../../core/run-record.js';
import { clip, oneLine } from '../../core/text.js';
import { calibrationWords, scorePredictions } from '../../core/verdict/calibration.js';
import { falseKillWords } from '../../core/verdict/early-kill.js';
import type { CampaignView, Overview, Standing } from '../../core/view.js';
import { pendingDirective } from '../../store/directive.js';
import { readCampaign } from '../../store/ledger.js';
import { lockHolder } from '../../store/lock.js';
import { readNotesState } from '../../store/note-files.js';
import { readOutbox } from '../../store/outbox.js';
import type { Project } from '../../store/project.js';
import { readRuns } from '../../store/runs.js';
import { readState } from '../../store/state.js';
import type { Lab } from '../lab.js';
import { currentUse } from '../runs/budget.js';
import { liveLeases } from '../runs/leasing.js';
import { controllerLock, keepSupervised } from '../runs/supervised.js';
import { viewRun } from '../runs/view.js';

export type OverviewLab = Pick<Lab, 'clock' | 'leases' | 'jobs' | 'spawnSupervisor'>;

/** What of a project was read for its read model. Runs are as they stand this instant. */
export interface Known {
  campaign: WholeCampaign;
  records: readonly RunRecord[];
  runs: RunView[];
  warnings: readonly string[];
}
/** More than this nobody reads; all of them are in the ledger. */
const INSIGHTS = 30;

/**
 * Builds the one read model. Where runs are open and nobody watches them, a supervisor is started again. `survey`: the GPUs
 * that new runs get, where they are to be shown.
 */
export async function buildOverview(
  lab: OverviewLab,
  project: Project,
  survey: GpuSurvey | null = null,
): Promise<Overview> {
  const { paths } = project;
  const { campaign, warnings } = readCampaign(paths.ledger);
  const found = readRuns(paths.runs);
  const now = lab.clock();
  const runs = found.records.map((record) => runView(project, campaign, record, now));
  const known = { campaign, records: found.records, runs, warnings: [...warnings, ...found.warnings] };
  return overviewOf(lab, project, known, survey);
}

/** A run as it stands, with the part that it plays in the campaign. */
export function runView(project: Project, campaign: Campaign, record: RunRecord, now: number): RunView {
  return withRole(viewRun(project.paths, record, campaign.runs.get(record.id), now), campaign);
}

/** The read model of what was read. Keeps open runs watched, as `buildOverview` does. */
export async function overviewOf(
  lab: OverviewLab,
  project: Project,
  known: Known,
  survey: GpuSurvey | null,
): Promise<Overview> {
  const { paths, config, brief } = project;
  const { campaign, runs } = known;
  const open = runs.filter((run) => run.state !== 'ended');
  if (known.records.some(isUnderWay)) await keepSupervised(lab, paths.root);
  const { metric, direction, target } = config.experiment;
  const now = lab.clock();
  const use = currentUse(project, campaign, now, known.records);
  const leased = survey === null || survey.gpus.length === 0 ? [] : await liveLeases(lab);
  const gpus: Gpu[] =
    survey === null ? [] : markReserved(survey, { reserveLast: config.gpu.reserve_last, leased }).gpus;
  return {
    project: project.name,
    path: paths.root,
    goal: goalOf(brief.text),
    metric:
      metric === undefined || direction === undefined
        ? null
        : { name: metric, direction, target: target ?? null },
    cycle: Math.max(campaign.plans.at(-1)?.cycle ?? 0, campaign.loop.cycle),
    campaign: campaignView(campaign.contract),
    status: await statusOf(project, campaign, open),
    baseline: standing(campaign, campaign.baseline),
    best: standing(campaign, campaign.champion),
    certainty: certaintyOf(config.experiment, campaign),
    calibration: calibrationOf(campaign),
    early_kills: earlyKillText(campaign),
    runs,
    running: open.filter((run) => run.state === 'running').map((run) => run.id),
    decisions: campaign.decisions
      .slice(-config.memory.max_recent_entries)
      .map(({ at, text }) => ({ at, text })),
    insights: campaign.results.slice(-INSIGHTS).map(({ at, run, text }) => ({ at, run, text })),
    directive: pendingDirective(paths.workspace)?.text ?? null,
    budgets: budgetViews(config.budget, use),
    bill: billView(campaign, use.gpu_hours, now),
    gpus,
    warnings: [
      ...project.warnings,
      ...known.warnings,
      ...(survey?.error == null ? [] : [survey.error]),
      ...sickGpus(survey),
      ...undeclared(project, runs),
      ...heraldWarnings(paths),
    ],
  };
}

/** `GPU 3 is sick: …`, for those that no run is given. */
function sickGpus(survey: GpuSurvey | null): string[] {
  const sick = survey?.sick ?? {};
  return (survey?.gpus ?? []).flatMap((gpu) => {
    const why = sick[gpuKey(gpu)];
    return why === undefined ? [] : [`GPU ${gpu.index} ${why}`];
  });
}

/** The contract as it is shown. */
export function campaignView(contract: Contract | null): CampaignView | null {
  if (contract === null) return null;
  return { cycles_used: contract.cyclesUsed, max_cycles: contract.maxCycles, gpus: contract.gpus };
}

function withRole(run: RunView, campaign: Campaign): RunView {
  if (campaign.baseline === null || run.replicate_of !== null) return run;
  return { ...run, role: run.id === campaign.baseline ? 'baseline' : 'candidate' };
}

function standing(campaign: Campaign, id: string | null): Standing | null {
  const run = id === null ? undefined : campaign.runs.get(id);
  if (run?.verdict?.value == null) return null;
  const { value, status, gain, interval, seeds } = run.verdict;
  // The baseline's other seeds came in after it was named: its value is the mean of them all.
  const known = id === campaign.baseline ? armOf(campaign, run.id).values.map((one) => one.value) : [];
  const mean = known.reduce((sum, one) => sum + one / known.length, 0);
  return {
    run: run.id,
    title: run.launch?.title ?? run.id,
    value: known.length > 1 ? mean : value,
    verdict: status,
    gain,
    interval: interval ?? null,
    seeds: known.length > 1 ? known.length : (seeds ?? 1),
  };
}

async function statusOf(project: Project, campaign: Campaign, open: readonly RunView[]): Promise<string> {
  const running = open.filter((run) => run.state === 'running').map((run) => run.id);
  const queued = open.filter((run) => run.state === 'queued').map((run) => run.id);
  const controller = await lockHolder(controllerLock(project.paths.root));
  if (open.length === 0 && campaign.stopped !== null) return `stopped: ${campaign.stopped.reason}`;
  const parts = [
    ...(running.length > 0 ? [`running ${running.join(', ')}`] : []),
    ...(queued.length > 0
      ? [`queued ${queued.slice(0, 5).join(', ')}${queued.length > 5 ? ', …' : ''}`]
      : []),
    ...(controller === null ? [] : [`controller at work (process ${controller.pid})`]),
  ];
  const { phase, reason } = readState(project.paths.state);
  // Why it waits, where it does: a limit of the provider, a pause that the leader wanted.
  if (controller !== null && phase !== 'stopped' && reason !== null) parts.push(reason);
  if (parts.length > 0) return parts.join('; ');
  return campaign.runs.size === 0 ? 'nothing was run yet' : phase === 'paused' ? 'paused' : 'idle';
}

/** The first line of the brief that says something. */
function goalOf(brief: string): string {
  const lines = brief.split('\n').map((line) => line.replace(/^#+\s*/, '').trim());
  const words = lines.filter(
    (line) => line !== '' && !/^(project brief|brief|goal|objective)s?:?$/i.test(line),
  );
  return clip(oneLine(words[0] ?? ''), 200);
}

/** What the herald could not do: messages that do not arrive, notes that are elsewhere. */
function heraldWarnings({ notifications, notesState }: Project['paths']): string[] {
  const failures = [...readOutbox(notifications).channels].flatMap(([channel, { failure }]) =>
    failure === null
      ? []
      : [`messages to ${channel} do not arrive: ${failure}; try: auto-experiment notify --test`],
  );
  const { problem } = readNotesState(notesState);
  return problem === null ? failures : [...failures, `notes: ${problem}`];
}

function undeclared(project: Project, runs: readonly RunView[]): string[] {
  const { metric, direction } = project.config.experiment;
  if (runs.length === 0 || (metric !== undefined && direction !== undefined)) return [];
  return [
    'no primary metric is declared, so no run is compared: write metric: and direction: into the brief’s front matter or config.yaml',
  ];
}

function calibrationOf(campaign: Campaign): string | null {
  const scored = scorePredictions(predictionsOf(campaign));
  return scored.brier === null ? null : calibrationWords(scored);
}

function earlyKillText(campaign: Campaign): string | null {
  const { stopped, measured } = earlyKillsOf(campaign);
  if (stopped + measured.audited === 0) return null;
  return `${stopped} run${stopped === 1 ? '' : 's'} stopped early for being far behind; ${falseKillWords(measured)}`;
}
