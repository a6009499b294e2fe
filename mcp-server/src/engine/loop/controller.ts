import { statSync } from 'node:fs';
import { planRefusal } from '../../core/budget.js';
import type { Campaign } from '../../core/campaign.js';
import { errorText, LabError } from '../../core/errors.js';
import type { Plan } from '../../core/ledger.js';
import { pendingDirective } from '../../store/directive.js';
import { appendLedger, readCampaign } from '../../store/ledger.js';
import { removeLeftovers } from '../../store/leftovers.js';
import { acquireLock } from '../../store/lock.js';
import { readMemory } from '../../store/memory.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import { ensureWorkspace } from '../../store/project.js';
import { readRun } from '../../store/runs.js';
import { updateState } from '../../store/state.js';
import { wakeHerald } from '../herald/wake.js';
import type { Lab } from '../lab.js';
import { createBell } from '../runs/bell.js';
import { currentUse } from '../runs/budget.js';
import { writeCard } from '../runs/card.js';
import { assertDryRun } from '../runs/dry-run.js';
import { launch } from '../runs/launch.js';
import { assertProgram } from '../runs/program.js';
import { CHECK_SUPERVISOR_MS, controllerLock, keepSupervised } from '../runs/supervised.js';
import { viewRun } from '../runs/view.js';
import { writeReport } from '../views/write-report.js';
import { finishOrder, hear, isPaused, type StopOrder } from './directives.js';
import type { LoopEvent } from './events.js';
import { projectMemory, reflect, toReflect } from './reflect.js';
import { sweepSettings, think } from './sweep-planner.js';

export interface LoopOptions {
  /** Cycles to begin in this call; null = no limit. */
  maxCycles: number | null;
  signal: AbortSignal;
  tell(event: LoopEvent): void;
}

const LOOK_MS = 500;
const PROGRESS_MS = 1000;

/**
 * The cycle without a model: directive, THINK, EXECUTE, watch, REFLECT, until there is a reason to stop. Everything it
 * knows is in the ledger, so that after a kill at any instant the next call goes on where this one was. When `signal` is
 * aborted it ends at once and training goes on. Throws LabError; a second controller is refused with the first one's name.
 */
export async function runSweep(lab: Lab, options: LoopOptions): Promise<string> {
  const project = lab.open();
  assertReady(lab, project);
  ensureWorkspace(project.paths);
  const lock = await acquireLock(controllerLock(project.paths.root), `controller of ${project.paths.root}`);
  if (!lock.held) {
    const who = lock.holder === null ? 'another process' : `process ${lock.holder.pid}`;
    throw new LabError(
      `a controller is already at work on this project: ${who}`,
      'watch it with: auto-experiment status --watch; end it with Ctrl-C there, or with kill',
    );
  }
  try {
    removeLeftovers(project.paths);
    writeCard(project.paths.controller, lab);
    return await loop(lab, options);
  } finally {
    await lock.release();
  }
}

async function loop(lab: Lab, { maxCycles, signal, tell }: LoopOptions): Promise<string> {
  let project = lab.open();
  const { paths } = project;
  const bell = createBell([paths.workspace, paths.runs], signal);
  let projected = false;
  let begun = 0;
  let seedsTold: number | null = null;
  let told = Number.NEGATIVE_INFINITY;
  let supervised = Number.NEGATIVE_INFINITY;
  const campaignNow = watchLedger(paths.ledger);
  tell({ event: 'begin', project: project.name, planner: 'sweep', max_cycles: maxCycles });
  if (isPaused(campaignNow()))
    tell({ event: 'note', text: 'paused by a directive; go on with: auto-experiment directive resume' });
  try {
    for (;;) {
      if (signal.aborted) return stop(lab, project, 'ended by the user; training goes on', begun, tell);
      project = lab.open();
      const heard = hear(lab, project, campaignNow(), sweepSettings(project.config).sweep);
      for (const said of heard.news) tell({ event: 'directive', ...said });
      if (heard.stop !== null) return stop(lab, project, heard.stop.reason, begun, tell, heard.stop);

      const campaign = campaignNow();
      const seeds = campaign.ended.filter((id) => campaign.runs.get(id)?.launch?.replicate !== undefined);
      for (const id of seeds.slice(seedsTold ?? seeds.length))
        tell({
          event: 'ended',
          run: viewRun(paths, readRun(paths.runs, id), campaign.runs.get(id), lab.clock()),
        });
      seedsTold = seeds.length;
      const done = toReflect(campaign);
      for (const run of done) {
        tell({ event: 'ended', run: viewRun(paths, readRun(paths.runs, run.id), run, lab.clock()) });
        tell({ event: 'decision', run: run.id, text: reflect(lab, project, campaign, run) });
      }
      if (done.length > 0 || !projected) projectMemory(project);
      projected = true;
      if (done.length > 0) continue;

      const open = [...campaign.runs.values()]
        .filter((run) => run.launch !== null && run.verdict === null)
        .map((run) => run.id);
      const pending = unlaunched(campaign);
      const busy = open.filter((id) => campaign.runs.get(id)?.end === null);
      const slots = project.config.experiment.max_parallel;
      // With one slot the next plan waits for the verdict; with more, something is tried while another is confirmed.
      const full = busy.length >= slots || (slots === 1 && open.length > 0);
      const limited = maxCycles !== null && begun >= maxCycles;
      if (pending !== null && !full) {
        await execute(lab, project, pending, signal, tell);
        continue;
      }
      if (!full && !isPaused(campaign) && !limited) {
        const refusal = planRefusal(project.config, campaign, currentUse(project, campaign, lab.clock()));
        const thought = think(
          project.config,
          campaign,
          heard.wishes.map(({ assignment }) => assignment),
        );
        const reason = refusal ?? (thought.do === 'stop' ? thought.reason : null);
        if (reason !== null && open.length === 0) return stop(lab, project, reason, begun, tell);
        if (reason === null && thought.do === 'run') {
          const wish = heard.wishes.find(({ assignment }) => assignment === thought.plan.assignment);
          const asked = wish === undefined ? {} : { directive: wish.directive };
          const plan: Plan = {
            kind: 'plan',
            at: new Date(lab.clock()).toISOString(),
            ...thought.plan,
            ...asked,
          };
          appendLedger(paths.ledger, plan);
          updateState(paths.state, { cycle: plan.cycle, phase: 'execute', since: plan.at, reason: null });
          begun += 1;
          tell({ event: 'plan', cycle: plan.cycle, title: plan.title, role: plan.role });
          continue;
        }
      }
      if (limited && open.length === 0)
        return stop(lab, project, `${begun} cycles done (--max-cycles)`, begun, tell);

      const now = lab.clock();
      if (open.length > 0 && now - supervised >= CHECK_SUPERVISOR_MS) {
        await keepSupervised(lab, paths.root);
        supervised = now;
      }
      if (now - told >= PROGRESS_MS) {
        tell({
          event: 'progress',
          runs: busy.map((id) => viewRun(paths, readRun(paths.runs, id), campaign.runs.get(id), now)),
        });
        told = now;
      }
      for (const id of open) bell.add(runPaths(paths.runs, id).record);
      await bell.wait(LOOK_MS);
    }
  } finally {
    bell.close();
  }
}

/** A plan that was written down and not yet launched: a controller was killed in between. */
function unlaunched(campaign: Campaign): Plan | null {
  const launched = new Set([...campaign.runs.values()].map((run) => run.launch?.plan));
  return campaign.plans.find((plan) => !launched.has(plan.id)) ?? null;
}

async function execute(
  lab: Lab,
  project: Project,
  plan: Plan,
  signal: AbortSignal,
  tell: LoopOptions['tell'],
): Promise<void> {
  const { record, notes } = await launch(lab, project, {
    argv: plan.command,
    title: plan.title,
    role: plan.role,
    plan: plan.id,
    dryRunPolicy: 'enforce',
    signal,
  });
  updateState(project.paths.state, { phase: 'watch', since: new Date(lab.clock()).toISOString() });
  tell({ event: 'launched', cycle: plan.cycle, run: record.id, title: plan.title, notes });
}

async function stop(
  lab: Lab,
  project: Project,
  reason: string,
  cycles: number,
  tell: LoopOptions['tell'],
  order?: StopOrder,
): Promise<string> {
  const at = new Date(lab.clock()).toISOString();
  const { ledger, state } = project.paths;
  appendLedger(ledger, { kind: 'stop', at, reason, cycle: readCampaign(ledger).campaign.plans.length });
  updateState(state, { phase: 'stopped', since: at, reason });
  // Not before: an order that is called done and was not obeyed would be lost by a kill in between.
  if (order !== undefined) finishOrder(lab, project, order, order.outcome);
  let report: string | null = null;
  try {
    report = (await writeReport(lab, project)).html ?? null;
  } catch (error) {
    tell({ event: 'note', text: `the report could not be written: ${errorText(error)}` });
  }
  await wakeHerald(lab, project);
  tell({ event: 'stopped', reason, cycles, report });
  return reason;
}

/** The campaign, replayed anew only when the ledger has grown. */
function watchLedger(path: string): () => Campaign {
  let size = -1;
  let campaign: Campaign | null = null;
  return () => {
    const now = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (campaign === null || now !== size) campaign = readCampaign(path).campaign;
    size = now;
    return campaign;
  };
}

/** Refuses, before anything is written, a project that the loop could not run. Throws LabError. */
export function assertReady(lab: Pick<Lab, 'env'>, project: Project): void {
  assertBrief(project);
  const { experiment } = project.config;
  const { command } = sweepSettings(project.config);
  assertProgram(command, project.paths.root, { PATH: lab.env.PATH ?? '', ...experiment.env });
  if (experiment.mandatory_dry_run) assertDryRun(experiment);
  pendingDirective(project.paths.workspace);
  readMemory(project.paths.memory);
}

function assertBrief(project: Project): void {
  const { brief, paths } = project;
  if (!brief.exists)
    throw new LabError(
      `there is no brief at ${paths.brief}`,
      'write one, or let it be drafted with: auto-experiment init',
    );
  if (brief.text === '')
    throw new LabError(
      `the brief ${paths.brief} is empty`,
      'say in a few lines what to improve, on which data, and within which limits',
    );
}
