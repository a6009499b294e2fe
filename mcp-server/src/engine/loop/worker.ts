import type { Campaign } from '../../core/campaign.js';
import type { Plan, StepRecord } from '../../core/ledger.js';
import type { WorkAnswer } from '../../core/plan.js';
import { clip, oneLine } from '../../core/text.js';
import { appendLedger } from '../../store/ledger.js';
import { submitWork } from './answers.js';
import { converse, type Desk, type Said } from './converse.js';
import { systemOf } from './words.js';

type Worker = StepRecord['role'];

/** Requests, tokens of one answer (the code agent writes whole files), and minutes of a CLI. */
const LIMITS: Record<Worker, { requests: number; output: number; minutes: number }> = {
  code: { requests: 16, output: 16_000, minutes: 60 },
  idea: { requests: 8, output: 4000, minutes: 30 },
  writing: { requests: 10, output: 8000, minutes: 30 },
};

/**
 * Sends one worker. It is written down before its first call and after its last, and what it answers is words: what it
 * launched stands in the ledger. Throws ProviderError and Overspent; its step is then void, nobody’s failure.
 */
export async function send(
  desk: Desk,
  role: Worker,
  cycle: number,
  plan: Plan | null,
  task: string,
): Promise<StepRecord> {
  const { lab, project, thinker, tell, world } = desk;
  const { ledger } = project.paths;
  const sent = desk.now().loop.steps.filter((step) => step.cycle === cycle).length;
  const step: StepRecord = {
    kind: 'step',
    at: new Date(lab.clock()).toISOString(),
    id: `step-${cycle}-${sent + 1}`,
    cycle,
    role,
    plan: plan?.id ?? null,
    state: 'begun',
    outcome: null,
  };
  appendLedger(ledger, step);
  desk.now();
  tell({ event: 'step', cycle, role, state: 'begun', text: plan?.title ?? task.split('\n')[2] ?? '' });
  const finish = (state: 'done' | 'void', words: string): StepRecord => {
    const outcome = clip(oneLine(desk.clean(words)), 1200);
    const run = plan === null ? undefined : desk.now().runOf.get(plan.id);
    if (run !== undefined) world.release(project, run);
    const done = { ...step, at: new Date(lab.clock()).toISOString(), state, outcome };
    appendLedger(ledger, done);
    desk.now();
    return done;
  };
  let said: Said<WorkAnswer>;
  try {
    said = await converse(desk, {
      role,
      phase: `execute:${role}`,
      cycle,
      system: systemOf(thinker, project, role),
      turns: [{ from: 'user', text: task }],
      prompt: task,
      answer: submitWork,
      check: () => null,
      // With the launch its work is done: no model is asked once the training may start.
      over: () => {
        const run = plan === null ? undefined : desk.now().runOf.get(plan.id);
        return run === undefined ? null : { done: true, words: `launched ${run}` };
      },
      limits: LIMITS[role],
    });
  } catch (error) {
    finish('void', 'the provider gave no answer');
    throw error;
  }
  const words = said.ok
    ? `${said.answer.done ? '' : 'not done: '}${said.answer.words}`
    : `no answer that could be used: ${said.why}`;
  const done = finish('done', words);
  const run = plan === null ? undefined : desk.now().runOf.get(plan.id);
  tell({ event: 'step', cycle, role, state: 'done', text: run === undefined ? words : `${run} launched` });
  return done;
}

/** How often a worker was sent for a plan: those that answered, and those that were cut short or met a silent provider. */
export function triesOf({ loop }: Campaign, plan: string | null): { answered: StepRecord[]; begun: number } {
  const own = loop.steps.filter((step) => step.plan === plan);
  return { answered: own.filter(({ state }) => state === 'done'), begun: own.length };
}
