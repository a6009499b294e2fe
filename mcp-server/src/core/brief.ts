import { clip, countChars } from './text.js';

/** The brief within its cap, in characters, and a warning that says how much was left out; null when nothing was. */
export function clipBrief(text: string, max: number): { text: string; warning: string | null } {
  const size = countChars(text);
  const clipped = clip(text, max, '\n… [the brief goes on; the rest is over the cap]');
  if (clipped === text) return { text, warning: null };
  return {
    text: clipped,
    warning: `the brief has ${size} characters and only about the first ${max} are read (memory.brief_max_chars: ${max}); shorten it or raise the cap`,
  };
}
