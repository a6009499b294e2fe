import type { Campaign } from '../../core/campaign.js';
import type { Config } from '../../core/config.js';
import { standingOrder } from '../../core/standing-order.js';
import type { Assignment, SweepConfig } from '../../core/sweep/space.js';
import { archiveDirective, type Directive, takeDirective } from '../../store/directive.js';
import { appendLedger } from '../../store/ledger.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';

/** What a paragraph of a directive asks for. `ask`: words that only a model understands. */
export type Order =
  | { kind: 'stop' }
  | { kind: 'pause' }
  | { kind: 'resume' }
  | { kind: 'try'; assignment: Assignment }
  | { kind: 'ask' };

export interface StopOrder extends Pick<Directive, 'id' | 'text'> {
  /** Why the loop stops, in words. */
  reason: string;
  outcome: string;
}

/** Values that a directive asks for and that no plan has taken up yet. */
interface Wish {
  directive: string;
  assignment: Assignment;
}

export interface Heard {
  stop: StopOrder | null;
  /** In the order in which they were written. */
  wishes: Wish[];
  /** For the leader, the oldest first. */
  asks: Directive[];
  /** What is new, for people. */
  news: { text: string; outcome: string }[];
}

/**
 * Takes waiting directives, oldest first, also those that a killed controller had taken, and does what can be done at
 * once: pause and resume. What became of each is read from the ledger, so that it is done once: a wish by the plan
 * that names its directive, an ask by the plan or thought that answers it, a stop by whoever calls `finishOrder` after it
 * has stopped. A directive that the planner cannot follow stays shown in the status until somebody acts on it.
 */
export function hear(
  lab: Pick<Lab, 'clock'>,
  project: Project,
  campaign: Campaign,
  read: (text: string, config: Config) => Order[],
): Heard {
  const heard: Heard = { stop: null, wishes: [], asks: [], news: [] };
  for (const directive of takeDirective(project.paths.workspace, lab.clock)) {
    const known = campaign.directives.get(directive.id);
    if (known?.state === 'done') {
      // Killed between the note and the move.
      archiveDirective(project.paths.workspace, directive.id);
      continue;
    }
    const orders = read(directive.text, project.config);
    const text = directive.text;
    if (known === undefined) {
      record(lab, project, directive, 'taken', orders.length === 0 ? UNCLEAR : null);
      const outcome = orders.map(({ kind }) => (kind === 'ask' ? 'given to the leader' : kind)).join(', ');
      heard.news.push({ text, outcome: outcome || 'not understood; it stays shown in the status' });
    }
    const wishes = orders.flatMap((order) => (order.kind === 'try' ? [order.assignment] : []));
    if (orders.some(({ kind }) => kind === 'stop')) {
      const others = orders.some(({ kind }) => kind === 'try' || kind === 'ask');
      heard.stop ??= {
        ...directive,
        reason: `directive: ${text.slice(0, 200)}`,
        outcome: others
          ? `stopped; ${wishes.length > 0 ? 'the values' : 'the words'} beside it were not tried`
          : 'stopped',
      };
      continue;
    }
    const plans = campaign.plans.filter((plan) => plan.directive === directive.id);
    const left = wishes.slice(plans.length);
    heard.wishes.push(...left.map((assignment) => ({ directive: directive.id, assignment })));
    const answer = campaign.heeded.get(directive.id);
    const asked = orders.some(({ kind }) => kind === 'ask');
    if (asked && answer === undefined) heard.asks.push(directive);
    if (orders.length === 0 || left.length > 0 || (asked && answer === undefined)) continue;
    const last = orders.findLast(({ kind }) => kind === 'pause' || kind === 'resume')?.kind;
    const outcomes = [
      ...(last === undefined ? [] : [last === 'pause' ? PAUSED : 'resumed']),
      ...(plans.length === 0 ? [] : [`tried in cycle ${plans.map(({ cycle }) => cycle).join(', ')}`]),
      ...(asked && answer !== undefined ? [answer] : []),
    ];
    finishOrder(lab, project, directive, outcomes.join('; '));
  }
  return heard;
}

/** Says what became of a directive and moves it to the archive. */
export function finishOrder(
  lab: Pick<Lab, 'clock'>,
  project: Project,
  order: Pick<Directive, 'id' | 'text'>,
  outcome: string,
): void {
  record(lab, project, order, 'done', outcome);
  archiveDirective(project.paths.workspace, order.id);
}

/** Whether the last word of a person was to pause; a kill does not end a pause, an order to stop does. */
export function isPaused(campaign: Campaign): boolean {
  return standingOrder(campaign)?.outcome?.startsWith('paused') === true;
}

/**
 * The words that the sweep planner understands: stop, pause, resume, or values for parameters (`lr=0.1 hidden=64`).
 * Each paragraph is an order of its own, because a directive that is written while another waits is added below it.
 */
export function readOrders(text: string, sweep: SweepConfig): Order[] {
  return text
    .split(PARAGRAPH)
    .flatMap((paragraph) => readWord(paragraph) ?? readValues(paragraph, sweep) ?? []);
}

/** As `readOrders` for a loop with a leader: stop, pause and resume are obeyed without it, all else is given to it. */
export function readAsks(text: string): Order[] {
  const orders = text.split(PARAGRAPH).map((paragraph): Order => readWord(paragraph) ?? { kind: 'ask' });
  const first = orders.findIndex(({ kind }) => kind === 'ask');
  return orders.filter(({ kind }, index) => kind !== 'ask' || index === first);
}

const PARAGRAPH = /\n\s*\n/;

function readWord(text: string): Order | null {
  const word = /^(stop|pause|resume|continue)\b[.!\s]*$/i
    .exec(text.trim().split('\n')[0] ?? '')?.[1]
    ?.toLowerCase();
  if (word === undefined) return null;
  return { kind: word === 'stop' || word === 'pause' ? word : 'resume' };
}

function readValues(text: string, sweep: SweepConfig): Order | null {
  const pairs = [...text.matchAll(/([A-Za-z_][\w.-]*)\s*=\s*("[^"]*"|[^\s,;]+)/g)].map(
    ([, name, value]): [string, string] => [name ?? '', (value ?? '').replaceAll('"', '')],
  );
  const known = pairs.filter(([name]) => name in sweep.parameters);
  if (known.length === 0 || known.length < pairs.length) return null;
  return {
    kind: 'try',
    assignment: Object.fromEntries(known.map(([name, value]) => [name, numeric(value)])),
  };
}

const numeric = (value: string): string | number =>
  value !== '' && Number.isFinite(Number(value)) ? Number(value) : value;

const UNCLEAR = 'not acted on: the sweep planner understands stop, pause, resume, and values such as lr=0.1';
const PAUSED = 'paused: nothing new is launched until a directive says resume';

function record(
  lab: Pick<Lab, 'clock'>,
  project: Project,
  { id, text }: Pick<Directive, 'id' | 'text'>,
  state: 'taken' | 'done',
  outcome: string | null,
): void {
  appendLedger(project.paths.ledger, {
    kind: 'directive',
    at: new Date(lab.clock()).toISOString(),
    id,
    state,
    text,
    outcome,
  });
}
