import type { Phase } from '../../core/ledger.js';
import type { RunView } from '../../core/run.js';

/** What the loop tells while it works: one JSON line each for scripts, words for people. */
export type LoopEvent =
  | { event: 'begin'; project: string; planner: string; max_cycles: number | null }
  | { event: 'plan'; cycle: number; title: string; role: string; planner: string }
  | { event: 'launched'; cycle: number; run: string; title: string; notes: string[] }
  | { event: 'progress'; runs: RunView[] }
  | { event: 'ended'; run: RunView }
  | { event: 'decision'; run: string | null; text: string }
  | {
      event: 'call';
      phase: Phase;
      cycle: number;
      tokens: number | null;
      usd: number | null;
      fault: string | null;
    }
  | { event: 'step'; cycle: number; role: string; state: 'begun' | 'done'; text: string }
  | { event: 'thought'; cycle: number; action: string; text: string }
  | { event: 'sleep'; until: string | null; why: string }
  | { event: 'directive'; text: string; outcome: string }
  | { event: 'note'; text: string }
  | { event: 'stopped'; reason: string; cycles: number; report: string | null };
