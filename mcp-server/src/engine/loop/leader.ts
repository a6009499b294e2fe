import type { CampaignRun } from '../../core/campaign.js';
import { toArgv } from '../../core/command.js';
import { nextCycle } from '../../core/cycle.js';
import { LabError } from '../../core/errors.js';
import type { Plan, ThoughtRecord } from '../../core/ledger.js';
import {
  ACTIONS,
  type PlanAnswer,
  type PlanRules,
  planProblem,
  plateauFamilies,
  spaceOf,
} from '../../core/plan.js';
import { clip, oneLine } from '../../core/text.js';
import { appendLedger } from '../../store/ledger.js';
import { updateState } from '../../store/state.js';
import { submitPlan, submitReflection } from './answers.js';
import { converse, type Desk } from './converse.js';
import { assertSweep } from './leader-sweep.js';
import type { Moment, Thought } from './planner.js';
import { conclude } from './reflect.js';
import { planId } from './sweep-planner.js';
import { planQuestion, reflectionQuestion, systemOf } from './words.js';

/** Requests, tokens of an answer, and minutes of a CLI. A leader may look into a few files before it decides. */
const LIMITS = { requests: 5, output: 2500, minutes: 20 };

/** THINK: asks the leader, and writes down what it decided where that is no plan. Throws ProviderError and Overspent. */
export async function decide(desk: Desk, moment: Moment): Promise<Thought> {
  const { lab, project, campaign, heard, tell, world } = moment;
  const { ledger, state } = project.paths;
  const cycle = nextCycle(campaign.loop);
  const rules = rulesOf(moment);
  updateState(state, { cycle, phase: 'think', since: new Date(lab.clock()).toISOString(), reason: null });
  const said = await converse(desk, {
    role: 'leader',
    phase: 'think',
    cycle,
    system: systemOf(desk.thinker, project, 'leader'),
    ...planQuestion(moment, rules, heard.asks),
    answer: submitPlan,
    check: (answer) => problemOf(answer, rules, moment),
    limits: LIMITS,
  });
  const note = (thought: Omit<ThoughtRecord, 'kind' | 'at' | 'cycle'>): Thought => {
    const at = new Date(lab.clock()).toISOString();
    const why = clip(oneLine(desk.clean(thought.why)), 400);
    appendLedger(ledger, { ...thought, kind: 'thought', at, cycle, why });
    tell({ event: 'thought', cycle, action: thought.action, text: why });
    return { do: 'noted' };
  };
  if (!said.ok) return note({ action: 'none', why: said.why });
  const { answer } = said;
  const heeds =
    heard.asks.length === 0
      ? undefined
      : { ids: heard.asks.map(({ id }) => id), words: clip(oneLine(answer.directive ?? ''), 400) };
  const heeding = heeds === undefined ? {} : { heeds };
  switch (answer.action) {
    case 'experiment':
      return { do: 'run', plan: { ...planOf(answer, moment), cycle, ...heeding } };
    case 'idea':
    case 'writing':
      return note({ action: answer.action, why: answer.why, task: answer.task ?? '', ...heeding });
    case 'sweep': {
      const { trials = 2, command, family } = answer;
      const parameters = spaceOf(answer.parameters ?? []);
      const sweep = { parameters, trials, ...(command ? { command } : {}), ...(family ? { family } : {}) };
      return note({ action: 'sweep', why: answer.why, sweep, ...heeding });
    }
    case 'wait': {
      const until = new Date(lab.clock() + (answer.minutes ?? 1) * 60_000).toISOString();
      return note({ action: 'wait', why: answer.why, until, ...heeding });
    }
    case 'report':
      tell({ event: 'note', text: `report: ${await world.report(project)}` });
      return note({ action: 'report', why: answer.why, ...heeding });
    case 'stop':
      return { do: 'stop', reason: `the leader: ${clip(oneLine(answer.why), 300)}`, ...heeding };
  }
}

function planOf(answer: PlanAnswer, { campaign, project }: Moment): Omit<Plan, 'kind' | 'at' | 'cycle'> {
  const { title = '', why, family, command, change, prediction, success } = answer;
  const { use } = project.config.gpu;
  return {
    id: planId(campaign),
    planner: 'llm',
    role: campaign.baseline === null ? 'baseline' : 'candidate',
    title: clip(oneLine(title), 120),
    hypothesis: clip(oneLine(why), 500),
    command: command === undefined || command === '' ? [] : toArgv(command),
    assignment: null,
    ...(family === undefined ? {} : { family }),
    ...(change === undefined || change.trim() === '' ? {} : { change }),
    ...(prediction === undefined ? {} : { prediction }),
    ...(success === undefined ? {} : { success }),
    ...(use === 'auto' ? {} : { gpus: use }),
  };
}

function problemOf(answer: PlanAnswer, rules: PlanRules, { campaign, project }: Moment): string | null {
  const problem = planProblem(answer, rules, campaign);
  if (problem !== null || answer.action !== 'sweep') return problem;
  try {
    return assertSweep(project.config, campaign, {
      command: answer.command,
      parameters: spaceOf(answer.parameters ?? []),
    });
  } catch (error) {
    if (error instanceof LabError) return `${error.message}: ${error.hint}`;
    throw error;
  }
}

/** What the leader must keep to at this moment. */
function rulesOf({ campaign, project, heard }: Moment): PlanRules {
  const { max_steps_per_cycle, no_progress_fallback_threshold } = project.config.agent;
  const { idle, errands } = campaign.loop;
  // The last worker of a cycle is kept for the code.
  const spare = errands.length < max_steps_per_cycle - 1;
  const stuck = idle >= no_progress_fallback_threshold;
  return {
    actions: ACTIONS.filter((action) => {
      if (action === 'experiment' || action === 'stop') return true;
      if (action === 'sweep') return project.config.experiment.direction !== undefined;
      if (stuck) return false;
      return action === 'idea' || action === 'writing' ? spare : true;
    }),
    barred: plateauFamilies(campaign),
    directive: heard.asks.length > 0,
    busy: campaign.unjudged.size > 0,
  };
}

/**
 * REFLECT: the leader is given the verdict and what was measured. Its words are added to the program’s; where it gives none
 * that can be used, those of the program stand alone. Throws ProviderError and Overspent.
 */
export async function lookBack(desk: Desk, moment: Moment, run: CampaignRun, plan: Plan): Promise<string> {
  const { lab, project, campaign, tell } = moment;
  updateState(project.paths.state, {
    phase: 'reflect',
    since: new Date(lab.clock()).toISOString(),
    reason: null,
  });
  const said = await converse(desk, {
    role: 'leader',
    phase: 'reflect',
    cycle: plan.cycle,
    system: systemOf(desk.thinker, project, 'leader'),
    ...reflectionQuestion(moment, run.id, plan),
    answer: submitReflection,
    check: () => null,
    limits: LIMITS,
  });
  if (!said.ok)
    tell({ event: 'note', text: `${run.id}: the verdict stands without the leader’s words: ${said.why}` });
  const clean = said.ok
    ? { lesson: desk.clean(said.answer.lesson), next: desk.clean(said.answer.next ?? '') }
    : null;
  return conclude(lab, project, campaign, run, clean);
}
