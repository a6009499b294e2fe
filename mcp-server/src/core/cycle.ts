import type { LedgerRecord, StepRecord, ThoughtRecord } from './ledger.js';

/** A sweep that the leader has handed to the planner without a model. */
export type Sweeping = ThoughtRecord & { sweep: NonNullable<ThoughtRecord['sweep']> };

/**
 * Where the cycle with a model stands. A cycle begins with the leader's first thought and is over with a plan, or with
 * a thought that sends no worker; its number is on every record of it. All of it follows from the ledger.
 */
export interface LoopStanding {
  /** The latest cycle; 0 = none yet. */
  cycle: number;
  /** When the latest cycle began, ISO 8601. */
  since: string | null;
  /** When the latest cycles began, oldest first; of those within any hour all are kept. */
  begun: string[];
  /** The latest cycle goes on: a worker of it is wanted, or has just answered. */
  open: boolean;
  /** The last thought of the latest cycle. */
  thought: ThoughtRecord | null;
  /** Thoughts of the latest cycle that sent a worker who has answered, with the answers. */
  errands: { thought: ThoughtRecord; step: StepRecord }[];
  /** The worker that is wanted and has not answered. */
  errand: ThoughtRecord | null;
  /** Workers that were sent in the latest cycle, each with its last word. */
  steps: StepRecord[];
  sweep: Sweeping | null;
  /** How the last sweep of the leader ended, until the next plan of a model. */
  swept: { cycle: number; reason: string } | null;
  /** Why the last plan was not launched, until the next one. */
  dropped: string | null;
  /** Cycles in a row that launched nothing although nothing was running. */
  idle: number;
  /** Cycles in a row without an answer that could be used. */
  failures: number;
}

/** No loop begins more cycles than this within an hour. */
const MOST_BEGUN = 1000;

export const beginLoop = (): LoopStanding => ({
  cycle: 0,
  since: null,
  begun: [],
  open: false,
  thought: null,
  errands: [],
  errand: null,
  steps: [],
  sweep: null,
  swept: null,
  dropped: null,
  idle: 0,
  failures: 0,
});

/** Takes in one more record. `busy`: runs were under way when it was written. */
export function stepLoop(loop: LoopStanding, record: LedgerRecord, busy: boolean): void {
  switch (record.kind) {
    case 'call':
    case 'step':
      enter(loop, record.cycle, record.at);
      if (record.kind === 'step') stepped(loop, record);
      return;
    case 'thought':
      enter(loop, record.cycle, record.at);
      thought(loop, record, busy);
      return;
    case 'plan':
      if (record.sweep !== undefined || record.planner !== 'llm') return;
      enter(loop, record.cycle, record.at);
      Object.assign(loop, {
        open: false,
        thought: null,
        errand: null,
        failures: 0,
        swept: null,
        dropped: null,
      });
      return;
    case 'launch':
      if (record.replicate === undefined) loop.idle = 0;
      return;
    case 'drop':
      loop.dropped = record.reason;
      loop.idle += 1;
      return;
    case 'stop':
      // Whoever starts it again gives it another chance.
      Object.assign(loop, { idle: 0, failures: 0 });
      return;
    case 'swept':
      if (loop.sweep?.cycle === record.cycle) {
        loop.sweep = null;
        loop.swept = { cycle: record.cycle, reason: record.reason };
      }
      return;
  }
}

/** The number of the cycle in which the leader thinks next. */
export const nextCycle = (loop: LoopStanding): number => (loop.open ? loop.cycle : loop.cycle + 1);

/** Adds a time to a list of the latest ones. */
export function pushLatest(times: string[], at: string): void {
  times.push(at);
  if (times.length > 2 * MOST_BEGUN) times.splice(0, MOST_BEGUN);
}

function enter(loop: LoopStanding, cycle: number, at: string): void {
  if (cycle <= loop.cycle) return;
  pushLatest(loop.begun, at);
  Object.assign(loop, { cycle, since: at, open: true, thought: null, errands: [], errand: null, steps: [] });
}

function thought(loop: LoopStanding, record: ThoughtRecord, busy: boolean): void {
  const { action, sweep } = record;
  const sends = action === 'idea' || action === 'writing';
  loop.thought = record;
  loop.open = sends;
  loop.errand = sends ? record : null;
  loop.failures = action === 'none' ? loop.failures + 1 : 0;
  if (sends) return;
  if (action === 'sweep' && sweep !== undefined) {
    loop.sweep = { ...record, sweep };
    loop.swept = null;
  } else if (!busy) loop.idle += 1;
}

function stepped(loop: LoopStanding, record: StepRecord): void {
  const known = loop.steps.findIndex((step) => step.id === record.id);
  if (known < 0) loop.steps.push(record);
  else if (loop.steps[known]?.state === 'begun') loop.steps[known] = record;
  if (record.state === 'done' && record.plan === null && loop.errand !== null) {
    loop.errands.push({ thought: loop.errand, step: record });
    loop.errand = null;
  }
}
