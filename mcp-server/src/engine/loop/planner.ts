import type { Campaign, CampaignRun } from '../../core/campaign.js';
import type { Config } from '../../core/config.js';
import type { Plan } from '../../core/ledger.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';
import type { Heard, Order } from './directives.js';
import type { LoopEvent } from './events.js';
import type { Launch, World } from './world.js';

/** All that a planner is given at one moment of the loop. */
export interface Moment {
  lab: Pick<Lab, 'clock' | 'random'>;
  project: Project;
  campaign: Campaign;
  /** The campaign with what was appended meanwhile: the same object, grown. */
  now(): Campaign;
  heard: Heard;
  world: World;
  /** Why nothing new may be begun (a budget, the number of cycles), in words; null = it may. */
  limit: string | null;
  /** The same, but for the number of cycles: what was begun is then not gone on with either. */
  spent: string | null;
  /** A run could be started: only then may a model be asked. */
  free: boolean;
  signal: AbortSignal;
  tell(event: LoopEvent): void;
}

/** Nothing can be done now. `until`: milliseconds since 1970; absent = until something happens. */
export interface Waiting {
  do: 'wait';
  until?: number;
  /** Said to people, where it is worth a word. */
  why?: string;
}

/** What a planner wants next. `noted`: it has written something into the ledger, and is to be asked again. */
export type Thought = { do: 'run'; plan: Omit<Plan, 'kind' | 'at'> } | { do: 'noted' } | Waiting | Stopping;

export interface Stopping {
  do: 'stop';
  reason: string;
  /** What a person must do before it can go on; the program then ends as failed. */
  hint?: string;
  /** Directives that this answers, and the words to it. */
  heeds?: { ids: string[]; words: string };
}

/** What became of a plan. */
export type Executed =
  | ({ do: 'launched' } & Launch)
  | { do: 'drop'; reason: string }
  | { do: 'noted' }
  | Waiting
  | Stopping;

/**
 * Who decides what is tried: a search space without a model, or a leader with workers. The controller does the rest, and
 * reaches no provider by itself. What a planner knows it knows from the campaign, so that a kill costs it nothing.
 */
export interface Planner {
  readonly name: 'sweep' | 'llm';
  /** Refuses, before anything is written, a project that it could not plan for. Throws LabError. */
  assertReady(lab: Pick<Lab, 'env'>, project: Project): void;
  /** What the words of a directive ask for. */
  orders(text: string, config: Config): Order[];
  /** How many cycles were begun, ever. */
  cycles(campaign: Campaign): number;
  /** When the latest cycles began, oldest first, ISO 8601: the last `most` of them are enough. */
  begun(campaign: Campaign, most: number): readonly string[];
  /** Asked when a run could be started. */
  think(moment: Moment): Promise<Thought>;
  /** Launches a plan, or says why not. */
  execute(moment: Moment, plan: Plan): Promise<Executed>;
  /** Writes the decision about a judged run, and returns its words; null = later. */
  reflect(moment: Moment, run: CampaignRun): Promise<string | null>;
}
