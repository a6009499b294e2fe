import { clip, oneLine } from '../../core/text.js';
import type { Overview } from '../../core/view.js';
import { choiceOf, isUsualWait, unseenWords } from '../views/receipt.js';
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
  const open = runs.filter((run) => run.state !== 'ended' && run.note !== null && !isUsualWait(run.note));
  const unseen = open.filter((run) => unseenWords(run).length > 0);
  const told = (run: (typeof runs)[number]): Need => need(`${run.id}: ${run.note}`, 'maybe', run.id);
  const question = choiceOf(overview);
  const doubtful = runs.filter(
    (run) => run.flags.length > 0 && run.verdict !== 'rejected' && run.id !== best?.run,
  );
  return [
    ...unseen.map(told),
    ...(question === null ? [] : [need(question)]),
    ...overview.warnings.map((text) => need(text)),
    ...open.filter((run) => !unseen.includes(run)).map(told),
    ...doubtful
      .slice(-DOUBTS)
      .map((run) => need(`Check ${run.id} before it is believed: ${run.flags[0] ?? ''}`, 'maybe', run.id)),
    ...(directive === null ? [] : [need(`A directive waits to be acted on: ${directive}`, 'plain')]),
  ].slice(0, MOST);
}
