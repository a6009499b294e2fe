import type { Campaign } from '../../core/campaign.js';
import { pendingDirective } from '../../store/directive.js';
import { timeText } from '../views/report-words.js';

/** One thing that was decided or ordered. */
export interface Moment {
  at: string;
  /** `2026-11-23 07:15 UTC` */
  time: string;
  kind: 'decision' | 'directive' | 'withdrawn' | 'stopped';
  run: string | null;
  text: string;
}

/** What a person ordered, and what became of it. */
export interface Order {
  at: string | null;
  time: string;
  text: string;
  state: 'waiting' | 'taken' | 'done';
  outcome: string | null;
}

const MOST = 200;
const ORDERS = 20;

/** The newest first. */
export function timelineOf(campaign: Campaign): Moment[] {
  const moment = (at: string, kind: Moment['kind'], run: string | null, text: string): Moment => ({
    at,
    time: timeText(at),
    kind,
    run,
    text,
  });
  const all = [
    ...campaign.decisions.slice(-MOST).map(({ at, run, text }) => moment(at, 'decision', run, text)),
    ...[...campaign.directives.values()].map(({ at, text, outcome }) =>
      moment(at, 'directive', null, outcome === null ? text : `${text} → ${outcome}`),
    ),
    // Where it was written as a decision too, that says it.
    ...[...campaign.runs.values()].flatMap(({ id, withdrawn }) =>
      withdrawn === null || campaign.decisions.some(({ at, run }) => run === id && at === withdrawn.at)
        ? []
        : [moment(withdrawn.at, 'withdrawn', id, `${id} is no longer the best: ${withdrawn.reason}`)],
    ),
    ...(campaign.stopped === null
      ? []
      : [moment(campaign.stopped.at, 'stopped', null, campaign.stopped.reason)]),
  ];
  return all.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)).slice(0, MOST);
}

/** Directives, the newest first: those that wait, and what became of the others. Throws LabError. */
export function ordersOf(campaign: Campaign, workspace: string): Order[] {
  const pending = pendingDirective(workspace);
  const said = [...campaign.directives.values()]
    .slice(-ORDERS)
    .reverse()
    .map(({ at, text, state, outcome }): Order => ({ at, time: timeText(at), text, state, outcome }));
  if (pending === null || (!pending.waiting && said.some(({ state }) => state === 'taken'))) return said;
  return [
    {
      at: null,
      time: 'now',
      text: pending.text,
      state: pending.waiting ? 'waiting' : 'taken',
      outcome: null,
    },
    ...said,
  ];
}
