import { clip, oneLine } from '../../core/text.js';
import { appendLedger } from '../../store/ledger.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';

/** A plan that is not launched any more, and why: the leader is told. */
export function dropPlan(lab: Pick<Lab, 'clock'>, project: Project, plan: string, reason: string): void {
  appendLedger(project.paths.ledger, {
    kind: 'drop',
    at: new Date(lab.clock()).toISOString(),
    plan,
    reason: clip(oneLine(reason), 400),
  });
}
