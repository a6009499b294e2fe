import { clip, oneLine } from '../../core/text.js';
import type { Overview } from '../../core/view.js';
import { isUsualWait, questionOf, unseenWords } from '../views/receipt.js';
import type { Tone } from '../views/report-words.js';

/** Something that only a person can do. */
export interface Need {
  text: string;
  tone: Tone;
  /** The run that it is about. */
  run: string | null;
}

const MOST = 6;
/** Newest runs with a doubt that are named. */
const DOUBTS = 2;

/** What needs a person now, first the question that the status and the report ask too. Empty = nothing. */
export function needsOf(overview: Overview): Need[] {
  const need = (text: string, tone: Tone = 'maybe', run: string | null = null): Need => ({
    text: clip(oneLine(text), 260),
    tone,
    run,
  });
  const { runs, best, directive } = overview;
  const unseen = new Set(runs.flatMap(unseenWords));
  const asked = questionOf(overview);
  // That of a run that is not seen stands with its run.
  const question = asked === null || unseen.has(asked) ? null : asked;
  const doubtful = runs.filter(
    (run) => run.flags.length > 0 && run.verdict !== 'rejected' && run.id !== best?.run,
  );
  return [
    ...(question === null ? [] : [need(question)]),
    ...overview.warnings.map((text) => need(text)),
    ...runs
      .filter((run) => run.state !== 'ended' && run.note !== null && !isUsualWait(run.note))
      .map((run) => need(`${run.id}: ${run.note}`, 'maybe', run.id)),
    ...doubtful
      .slice(-DOUBTS)
      .map((run) => need(`Check ${run.id} before it is believed: ${run.flags[0] ?? ''}`, 'maybe', run.id)),
    ...(directive === null ? [] : [need(`A directive waits to be acted on: ${directive}`, 'plain')]),
  ].slice(0, MOST);
}
