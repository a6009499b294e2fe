import type { Campaign } from '../../core/campaign.js';
import type { Assignment, SweepConfig } from '../../core/sweep/space.js';
import { archiveDirective, takeDirective } from '../../store/directive.js';
import { appendLedger } from '../../store/ledger.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';

/** What a directive asks of a planner without a model. */
export type Order =
  | { kind: 'stop' }
  | { kind: 'pause' }
  | { kind: 'resume' }
  | { kind: 'try'; assignment: Assignment }
  | { kind: 'unclear' };

/** The words that the sweep planner understands: stop, pause, resume, or values for parameters (`lr=0.1 hidden=64`). */
export function readOrder(text: string, sweep: SweepConfig): Order {
  const trimmed = text.trim();
  const word = /^(stop|pause|resume|continue)\b[.!\s]*$/i.exec(trimmed.split('\n')[0] ?? '')?.[1]?.toLowerCase();
  if (word === 'stop' || word === 'pause') return { kind: word };
  if (word !== undefined) return { kind: 'resume' };
  const pairs = [...trimmed.matchAll(/([A-Za-z_][\w.-]*)\s*=\s*("[^"]*"|[^\s,;]+)/g)].map(([, name, value]): [string, string] => [name ?? '', (value ?? '').replaceAll('"', '')]);
  const known = pairs.filter(([name]) => name in sweep.parameters);
  if (known.length === 0 || known.length < pairs.length) return { kind: 'unclear' };
  return { kind: 'try', assignment: Object.fromEntries(known.map(([name, value]) => [name, value !== '' && Number.isFinite(Number(value)) ? Number(value) : value])) };
}

export interface TakenOrder {
  id: string;
  text: string;
  takenAt: string;
  order: Order;
}

/**
 * Takes waiting directives and reads them, oldest first; also those that a killed controller had taken and not acted
 * on. Each is written into the ledger before anything is done about it. One that no sweep can follow stays shown in
 * the status until somebody acts on it.
 */
export function takeOrders(lab: Pick<Lab, 'clock'>, project: Project, campaign: Campaign, sweep: SweepConfig): TakenOrder[] {
  return takeDirective(project.paths.workspace, lab.clock).flatMap((directive) => {
    const order = readOrder(directive.text, sweep);
    const known = campaign.directives.get(directive.id);
    if (known === undefined) record(lab, project, directive, 'taken', order.kind === 'unclear' ? UNCLEAR : null);
    else if (order.kind === 'unclear') return [];
    return [{ ...directive, order }];
  });
}

/** Says what became of a directive and moves it to the archive. */
export function finishOrder(lab: Pick<Lab, 'clock'>, project: Project, order: TakenOrder, outcome: string): void {
  record(lab, project, order, 'done', outcome);
  archiveDirective(project.paths.workspace, order.id);
}

const UNCLEAR = 'not acted on: the sweep planner understands stop, pause, resume, and values such as lr=0.1';

function record(lab: Pick<Lab, 'clock'>, project: Project, { id, text }: { id: string; text: string }, state: 'taken' | 'done', outcome: string | null): void {
  appendLedger(project.paths.ledger, { kind: 'directive', at: new Date(lab.clock()).toISOString(), id, state, text, outcome });
}
