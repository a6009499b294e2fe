import type { CampaignRun } from '../../core/campaign.js';
import { toArgv } from '../../core/command.js';
import { nextCycle } from '../../core/cycle.js';
import { LabError } from '../../core/errors.js';
import type { Plan } from '../../core/ledger.js';
import { createRedactor } from '../../core/redact.js';
import { secretValues } from '../../core/secrets.js';
import { propose } from '../../core/sweep/propose.js';
import { allTrials } from '../../core/sweep/trials.js';
import { appendLedger } from '../../store/ledger.js';
import type { Lab } from '../lab.js';
import type { Desk } from './converse.js';
import { readAsks } from './directives.js';
import { createHush } from './hush.js';
import { decide, lookBack } from './leader.js';
import { nextTrial } from './leader-sweep.js';
import { gate } from './pace.js';
import type { Executed, Moment, Planner, Stopping, Thought } from './planner.js';
import { conclude } from './reflect.js';
import { baselinePlan, planId, sweepSettings, targetReached, trialPlan } from './sweep-planner.js';
import type { Thinker } from './thinker.js';
import { codeTask, errandTask } from './words.js';
import { send, triesOf } from './worker.js';

/** A provider that is silent for longer than this is not waited for with a result: the program’s own words are written. */
const PATIENCE_MS = 30 * 60_000;

/**
 * The planner with a model: a leader that decides and reflects, and workers that it sends. What can be done without a model
 * is: the baseline, the trials of a sweep, a plan that is only a command, and every word of a verdict.
 */
export function llmPlanner(hands: Lab, thinker: Thinker): Planner {
  const hush = createHush(hands);
  let leaving: Stopping | null = null;

  /** Asks, unless the provider is silent now; what it throws is taken note of. */
  async function asking<T extends Thought | Executed>(
    { signal }: Pick<Moment, 'signal'>,
    act: () => Promise<T>,
  ): Promise<T | ReturnType<typeof quiet>> {
    const silent = hush.now();
    if (silent !== null) return silent;
    try {
      const result = await act();
      hush.over();
      return result;
    } catch (error) {
      // Ended by the user, in the middle of a call: the controller sees it.
      if (signal.aborted) return { do: 'wait' };
      return quiet(error);
    }
  }
  const quiet = (error: unknown): Exclude<ReturnType<typeof hush.now>, null> => {
    hush.heard(error);
    return hush.now() ?? { do: 'wait' };
  };

  return {
    name: 'llm',
    assertReady: (_lab, { config }) => {
      if (config.budget.usd !== undefined) assertPriced(thinker);
      for (const role of ['leader', 'code', 'idea', 'writing'] as const) thinker.prompt(role);
    },
    orders: (text) => readAsks(text),
    cycles: ({ loop }) => nextCycle(loop) - 1,
    begun: ({ loop }, most) => loop.begun.slice(-most),

    async think(moment) {
      const { project, campaign, heard, limit } = moment;
      const { loop } = campaign;
      if (heard.asks.length > 0) leaving = null;
      if (leaving !== null) return leaving;
      const free = withoutModel(moment);
      if (free !== null) return free;
      if (limit !== null) return { do: 'stop', reason: limit };
      const { no_progress_fallback_threshold: most } = project.config.agent;
      if (loop.idle >= 2 * most && heard.asks.length === 0)
        return {
          do: 'stop',
          reason: `no progress: ${loop.idle} cycles in a row launched nothing (agent.no_progress_fallback_threshold)`,
        };
      const silent = hush.now();
      if (silent !== null) return silent;
      const pause = gate(moment);
      if (pause !== null) return pause;
      const thought = await asking(moment, () =>
        loop.errand === null ? decide(deskOf(moment), moment) : runErrand(moment),
      );
      if (thought.do === 'stop') leaving = thought;
      return thought;
    },

    async execute(moment, plan) {
      if (!needsHands(moment, plan)) return launchDirectly(moment, plan);
      return asking(moment, () => sendForCode(moment, plan));
    },

    async reflect(moment, run) {
      const { lab, project, campaign } = moment;
      const plan = campaign.planOf.get(run.launch?.plan ?? '');
      const alone = (): string => conclude(lab, project, campaign, run, null);
      if (plan === undefined || plan.planner !== 'llm' || plan.sweep !== undefined || plan.cycle === 0)
        return alone();
      if (isLate(moment, run)) return alone();
      if (!moment.free) return null;
      try {
        const text = await lookBack(deskOf(moment), moment, run, plan);
        hush.over();
        return text;
      } catch (error) {
        if (moment.signal.aborted) return null;
        quiet(error);
        return isLate(moment, run) ? alone() : null;
      }
    },
  };

  /** A result is not kept back for a provider that stays silent. */
  function isLate({ lab }: Moment, run: CampaignRun): boolean {
    const silent = hush.now();
    if (silent === null) return false;
    if (silent.do === 'stop') return true;
    const waited = lab.clock() - Date.parse(run.verdict?.at ?? '');
    return !(waited < PATIENCE_MS && (silent.until ?? 0) - lab.clock() < PATIENCE_MS);
  }

  async function runErrand(moment: Moment): Promise<Thought> {
    const { lab, project, campaign } = moment;
    const { errand, cycle, errands } = campaign.loop;
    if (errand === null || (errand.action !== 'idea' && errand.action !== 'writing')) return { do: 'wait' };
    const { begun } = triesOf(campaign, null);
    if (begun - errands.length >= TRIES) {
      const at = new Date(lab.clock()).toISOString();
      const why = `the ${errand.action} agent was cut short ${TRIES} times`;
      appendLedger(project.paths.ledger, { kind: 'thought', at, cycle, action: 'none', why });
      return { do: 'noted' };
    }
    await send(deskOf(moment), errand.action, cycle, null, errandTask(moment, errand));
    return { do: 'noted' };
  }

  async function sendForCode(moment: Moment, plan: Plan): Promise<Executed> {
    const { campaign, project, tell } = moment;
    const { answered, begun } = triesOf(campaign, plan.id);
    const steps = Math.max(1, project.config.agent.max_steps_per_cycle - campaign.loop.errands.length);
    const last = answered.at(-1)?.outcome ?? 'it was cut short each time';
    if (answered.length >= steps || begun >= steps + 2 * TRIES)
      return {
        do: 'drop',
        reason: `${answered.length} code agents did not get to a launch; the last one: ${last}`,
      };
    const earlier = answered.flatMap(({ outcome }) => (outcome === null ? [] : [outcome]));
    await send(deskOf(moment), 'code', plan.cycle, plan, codeTask(plan, earlier));
    const run = moment.now().runOf.get(plan.id);
    if (run !== undefined) tell({ event: 'launched', cycle: plan.cycle, run, title: plan.title, notes: [] });
    return { do: 'noted' };
  }

  function deskOf(moment: Moment): Desk {
    const { secret_env } = moment.project.config.experiment;
    return {
      ...moment,
      hands,
      thinker,
      clean: createRedactor(secretValues(hands.env, secret_env)),
    };
  }
}

/** How often a worker is sent again that was cut short by a kill or by a provider. */
const TRIES = 3;

/** What is next where no model has to be asked for it, or null. */
function withoutModel(moment: Moment): Thought | null {
  const { project, campaign, heard, limit } = moment;
  const { config } = project;
  const { metric, direction, command } = config.experiment;
  if (campaign.baseline === null) {
    const tried = campaign.plans.some(({ role }) => role === 'baseline');
    if (!tried && command !== undefined && hasDryRun(moment)) {
      if (limit !== null) return { do: 'stop', reason: limit };
      const common = { id: planId(campaign), cycle: 0, planner: 'llm', hypothesis: null };
      return { do: 'run', plan: { ...common, ...baselinePlan(toArgv(command)) } };
    }
    if (campaign.unjudged.size > 0) return { do: 'wait' };
  }
  if (metric !== undefined && direction !== undefined) {
    const reached = targetReached(config, campaign, metric, direction);
    if (reached !== null && heard.asks.length === 0) return { do: 'stop', reason: reached };
  }
  return heard.asks.length > 0 ? null : (sweepOn(moment) ?? fallBack(moment));
}

/** The next trial of a sweep that the leader handed over; its end is written down. */
function sweepOn({ lab, project, campaign, spent }: Moment): Thought | null {
  const { sweep } = campaign.loop;
  if (sweep === null) return null;
  const next = nextTrial(project.config, campaign, sweep);
  // A sweep that was begun is finished although no further cycle may begin; a budget ends it.
  const reason = next.do === 'over' ? next.reason : spent;
  if (reason === null) return next.do === 'over' ? null : next;
  if (campaign.unjudged.size > 0) return { do: 'wait' };
  const at = new Date(lab.clock()).toISOString();
  appendLedger(project.paths.ledger, { kind: 'swept', at, cycle: sweep.cycle, reason });
  return { do: 'noted' };
}

/** Cycles that launch nothing cost money and bring nothing: one trial of the config’s own sweep, where there is one. */
function fallBack({ project, campaign, limit, tell }: Moment): Thought | null {
  const { config } = project;
  const { idle } = campaign.loop;
  if (config.sweep === undefined || limit !== null || idle < config.agent.no_progress_fallback_threshold)
    return null;
  const { sweep, command, direction } = sweepSettings(config);
  const assignment = propose(sweep, allTrials(campaign), direction);
  if (assignment === null) return null;
  tell({
    event: 'note',
    text: `${idle} cycles launched nothing: a trial of the search space is run instead`,
  });
  const common = { id: planId(campaign), cycle: campaign.loop.cycle, planner: 'sweep', hypothesis: null };
  return { do: 'run', plan: { ...common, ...trialPlan(sweep.command, command, assignment) } };
}

function hasDryRun({ project }: Moment): boolean {
  const { mandatory_dry_run, dry_run_args, dry_run_command } = project.config.experiment;
  return !mandatory_dry_run || dry_run_args !== undefined || dry_run_command !== undefined;
}

/** Whether the code agent must come first: to change code, or to say how the command is made short for a dry run. */
const needsHands = (moment: Moment, plan: Plan): boolean =>
  plan.change !== undefined || plan.command.length === 0 || !hasDryRun(moment);

async function launchDirectly({ project, world, signal }: Moment, plan: Plan): Promise<Executed> {
  try {
    const launched = await world.launch(project, plan, signal, plan.role === 'baseline' ? 'allow' : 'answer');
    if (!launched.repeated) return { do: 'launched', ...launched };
    return { do: 'drop', reason: `${launched.id} did the same work: equal code, command and settings` };
  } catch (error) {
    if (!(error instanceof LabError) || plan.role === 'baseline') throw error;
    // The rest of the message may hold output of the training.
    return { do: 'drop', reason: error.message.split('\n')[0] ?? '' };
  }
}

/** Throws LabError: a budget in USD cannot be kept for a model without a price. */
function assertPriced({ model, price }: Thinker): void {
  if (price(model, { input: 1, cached: 0, cacheWrite: 0, output: 1, reasoning: 0 }, true) !== null) return;
  throw new LabError(
    `budget.usd is set, but the price of ${model} is unknown`,
    'give it under agent.prices, or set budget.tokens instead',
  );
}
