import { RUN_ID } from '../../core/run.js';
import type { Watch } from '../runs/wait.js';

/** A wait that its client asks about again and again. */
export interface Ticket {
  watch: Watch;
  timeoutMs: number;
}

const FORM = /^(\d+)-([0-9a-f]{8}|none)-(\w+!?(?:\.\w+!?)*)$/;

/**
 * All of a wait but its beginning in one word, so that nothing has to be kept: whichever server is asked about it, today's or one that
 * was started after this machine, looks at the files and knows. `!` marks a run whose rule had fired before.
 */
export function writeTicket({ watch, timeoutMs }: Ticket): string {
  const runs = watch.runs.map((id) => `${id}${watch.fired.includes(id) ? '!' : ''}`);
  return [Math.round(timeoutMs), watch.directive ?? 'none', runs.join('.')].join('-');
}

/** Null for what `writeTicket` cannot have written. */
export function readTicket(text: string): Ticket | null {
  const [, timeoutMs, directive, runs] = FORM.exec(text) ?? [];
  if (runs === undefined) return null;
  const marked = runs.split('.');
  const ids = marked.map((run) => run.replace('!', ''));
  if (!ids.every((id) => RUN_ID.test(id))) return null;
  return {
    timeoutMs: Number(timeoutMs),
    watch: {
      runs: ids,
      fired: ids.filter((_, index) => marked[index]?.endsWith('!')),
      directive: directive === undefined || directive === 'none' ? null : directive,
    },
  };
}
