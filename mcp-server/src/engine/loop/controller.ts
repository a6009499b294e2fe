import { planRefusal } from '../../core/budget.js';
import type { Campaign, CampaignRun } from '../../core/campaign.js';
import { cycleWait } from '../../core/cycle-pace.js';
import { errorText, LabError } from '../../core/errors.js';
import { entriesWritten } from '../../core/past.js';
import { pendingDirective } from '../../store/directive.js';
import { appendLedger, followLedger } from '../../store/ledger.js';
import { removeLeftovers } from '../../store/leftovers.js';
import { acquireLock } from '../../store/lock.js';
import { readMemory } from '../../store/memory.js';
import type { Project } from '../../store/project.js';
import { ensureWorkspace } from '../../store/project.js';
import { updateState } from '../../store/state.js';
import { wakeHerald } from '../herald/wake.js';
import type { Lab } from '../lab.js';
import { writeCard } from '../runs/card.js';
import { controllerLock } from '../runs/supervised.js';
import { finishOrder, hear, isPaused, type StopOrder } from './directives.js';
import { dropPlan } from './drop.js';
import type { LoopEvent } from './events.js';
import type { Moment, Planner, Stopping, Waiting } from './planner.js';
import { projectMemory } from './reflect.js';
import { createWatch } from './watch.js';
import { realWorld, type World } from './world.js';

export interface LoopOptions {
  planner: Planner;
  /** Cycles to begin in this call; null = no limit. */
  maxCycles: number | null;
  signal: AbortSignal;
  tell(event: LoopEvent): void;
}

/** How the loop ended. `hint` is there where a person must do something before it can go on. */
export interface LoopEnd {
  reason: string;
  hint: string | null;
}

/**
 * The cycle: directive, THINK, EXECUTE, watch, REFLECT, until there is a reason to stop. Everything it knows is in the
 * ledger, so that after a kill at any instant the next call goes on where this one was. When `signal` is aborted it ends
 * at once and training goes on. Throws LabError; a second controller is refused with the first one's name.
 */
export async function runLoop(lab: Lab, options: LoopOptions): Promise<LoopEnd> {
  const project = lab.open();
  assertReady(lab, project, options.planner);
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
    const world = realWorld(lab, (text) => options.tell({ event: 'note', text }));
    const end = await driveLoop(lab, world, options);
    await wakeHerald(lab, project);
    return end;
  } finally {
    await lock.release();
  }
}

/** The loop itself, in a world that is given to it. The caller sees to it that there is one only. */
export async function driveLoop(
  lab: Pick<Lab, 'open' | 'clock' | 'random'>,
  world: World,
  { planner, maxCycles, signal, tell }: LoopOptions,
): Promise<LoopEnd> {
  let project = lab.open();
  const { paths } = project;
  const ledger = followLedger(paths.ledger);
  const before = planner.cycles(ledger());
  // The code agent of a controller that was killed says nothing any more.
  for (const run of ledger().unjudged) world.release(project, run);
  const begun = (): number => planner.cycles(ledger()) - before;
  const watch = createWatch(lab, world, project, signal, tell);
  let projected: number | null = null;
  tell({ event: 'begin', project: project.name, planner: planner.name, max_cycles: maxCycles });
  if (isPaused(ledger()))
    tell({ event: 'note', text: 'paused by a directive; go on with: auto-experiment directive resume' });
  const end = (why: Stopping, order?: StopOrder): Promise<LoopEnd> =>
    stop(lab, world, project, why, begun(), planner.cycles(ledger()), tell, order);
  try {
    for (;;) {
      if (signal.aborted) return await end({ do: 'stop', reason: 'ended by the user; training goes on' });
      project = lab.open();
      const heard = hear(lab, project, ledger(), planner.orders);
      for (const said of heard.news) tell({ event: 'directive', ...said });
      if (heard.stop !== null) return await end({ do: 'stop', reason: heard.stop.reason }, heard.stop);

      const campaign = ledger();
      watch.tellEnded(project, campaign);
      const done = [...campaign.unreflected].flatMap((id) => campaign.runs.get(id) ?? []);
      const written = entriesWritten(campaign);
      if (projected !== written) projectMemory(project, campaign);
      projected = written;

      const open = [...campaign.unjudged];
      const busy = open.filter((id) => campaign.runs.get(id)?.end === null);
      const slots = project.config.experiment.max_parallel;
      // With one slot the next plan waits for the verdict; with more, something is tried while another is confirmed.
      const full = busy.length >= slots || (slots === 1 && open.length > 0);
      const spent = full ? null : planRefusal(project.config, campaign, world.use(project, campaign));
      const over = maxCycles !== null && begun() >= maxCycles;
      const moment: Moment = {
        lab,
        project,
        campaign,
        now: ledger,
        heard,
        world,
        spent,
        limit: spent ?? (over ? `${begun()} cycles done (--max-cycles)` : null),
        free: !full,
        signal,
        tell,
      };
      const next = (await reflectOn(planner, moment, done)) ?? (full ? IDLE : await turn(planner, moment));
      if (next === 'again') continue;
      if (next.do === 'stop') {
        const [first, ...others] = campaignOrders(heard, next);
        for (const order of others) finishOrder(lab, project, order, order.outcome);
        return await end(next, first);
      }
      await watch.wait(project, campaign, open, busy, next);
    }
  } finally {
    watch.close();
  }
}

const IDLE: Waiting = { do: 'wait' };

/** REFLECT on those that wait for it, until a decision was written; null when there is none or it must wait. */
async function reflectOn(
  planner: Planner,
  moment: Moment,
  done: readonly CampaignRun[],
): Promise<'again' | null> {
  for (const run of done) {
    const text = await planner.reflect(moment, run);
    if (text === null) continue;
    moment.tell({ event: 'decision', run: run.id, text });
    return 'again';
  }
  return null;
}

/** The wait that `agent.max_cycles_per_hour` asks for before another cycle begins; null = none. */
function paceOf(planner: Planner, { lab, project, campaign }: Moment): Waiting | null {
  const most = project.config.agent.max_cycles_per_hour;
  if (most === 0 || campaign.loop.open) return null;
  const pause = cycleWait(planner.begun(campaign, most), most, lab.clock());
  const why = `${most} cycles were begun within an hour (agent.max_cycles_per_hour)`;
  return pause === 0 ? null : { do: 'wait', until: lab.clock() + pause, why };
}

/** One step of the cycle where a run could be started. `again`: something was done, and all is to be looked at anew. */
async function turn(planner: Planner, moment: Moment): Promise<'again' | Waiting | Stopping> {
  const { lab, project, campaign, signal, tell } = moment;
  const { ledger, state } = project.paths;
  const at = (): string => new Date(lab.clock()).toISOString();
  const [pending] = campaign.unlaunched;
  const plan = campaign.planOf.get(pending ?? '');
  if (plan !== undefined) {
    const result = await planner.execute(moment, plan);
    if (result.do === 'wait' || result.do === 'stop') return unlessOpen(campaign, result);
    if (result.do === 'drop') {
      dropPlan(lab, project, plan.id, result.reason);
      tell({ event: 'note', text: `cycle ${plan.cycle}: nothing was launched: ${result.reason}` });
    }
    if (result.do === 'launched') {
      updateState(state, { phase: 'watch', since: at(), reason: null });
      tell({ event: 'launched', cycle: plan.cycle, run: result.id, title: plan.title, notes: result.notes });
    }
    return 'again';
  }
  if (isPaused(campaign)) return IDLE;
  const pause = paceOf(planner, moment);
  if (pause !== null) return pause;
  const thought = await planner.think(moment);
  if (signal.aborted || thought.do === 'noted') return 'again';
  if (thought.do === 'wait' || thought.do === 'stop') return unlessOpen(campaign, thought);
  appendLedger(ledger, { kind: 'plan', at: at(), ...thought.plan });
  updateState(state, { cycle: thought.plan.cycle, phase: 'execute', since: at(), reason: null });
  tell({
    event: 'plan',
    cycle: thought.plan.cycle,
    title: thought.plan.title,
    role: thought.plan.role,
    planner: thought.plan.planner,
  });
  return 'again';
}

/** What is under way is seen to its end before the loop stops. */
const unlessOpen = (campaign: Campaign, next: Waiting | Stopping): Waiting | Stopping =>
  next.do === 'stop' && campaign.unjudged.size > 0 ? IDLE : next;

/** Directives that are done by stopping; the first is filed away by `stop` itself. */
function campaignOrders(heard: { asks: { id: string; text: string }[] }, stop: Stopping): StopOrder[] {
  const { heeds, reason } = stop;
  return heard.asks
    .filter(({ id }) => heeds?.ids.includes(id))
    .map(({ id, text }) => ({ id, text, reason, outcome: heeds?.words ?? reason }));
}

async function stop(
  lab: Pick<Lab, 'clock'>,
  world: World,
  project: Project,
  { reason, hint = null }: { reason: string; hint?: string | null },
  cycles: number,
  cycle: number,
  tell: LoopOptions['tell'],
  order?: StopOrder,
): Promise<LoopEnd> {
  const at = new Date(lab.clock()).toISOString();
  const { ledger, state } = project.paths;
  appendLedger(ledger, { kind: 'stop', at, reason, cycle });
  updateState(state, { phase: 'stopped', since: at, reason });
  // Not before: an order that is called done and was not obeyed would be lost by a kill in between.
  if (order !== undefined) finishOrder(lab, project, order, order.outcome);
  let report: string | null = null;
  try {
    report = await world.report(project);
  } catch (error) {
    tell({ event: 'note', text: `the report could not be written: ${errorText(error)}` });
  }
  tell({ event: 'stopped', reason, cycles, report });
  return { reason, hint };
}

/** Refuses, before anything is written, a project that the loop could not run. Throws LabError. */
export function assertReady(lab: Pick<Lab, 'env'>, project: Project, planner: Planner): void {
  assertBrief(project);
  planner.assertReady(lab, project);
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
