import type { Check } from '../check.js';
import type { Style } from './style.js';

/** What the doctor found, a line each, and below it how to mend it. */
export function checkLines(checks: readonly Check[], style: Style): string {
  const words = { good: style.good('ok  '), note: style.warn('note'), bad: style.bad('bad ') };
  return checks
    .map(({ name, state, text, hint }) => {
      const mend = hint === null ? '' : `\n      ${style.dim(`→ ${hint}`)}`;
      return `${words[state]}  ${name.padEnd(12)} ${text}${mend}\n`;
    })
    .join('');
}
