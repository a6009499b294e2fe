import { z } from 'zod';
import { LabError } from '../../core/errors.js';
import type { Section } from '../../core/paper/latex/sections.js';
import { plain } from '../../core/text.js';

/** A part of a paper's text. `next` is the offset to go on at; null at the end. */
export const TextPage = z.strictObject({
  section: z.string(),
  text: z.string(),
  next: z.number().nullable(),
});
export type TextPage = z.output<typeof TextPage>;

/** The page that was asked for; null when only the outline was. A section comes with those below it. Throws LabError. */
export function pageOf(
  sections: readonly Section[],
  request: { section?: string | undefined; offset: number; room: number },
): TextPage | null {
  if (request.section === undefined) return null;
  const { title, body } = request.section === 'all' ? whole(sections) : named(sections, request.section);
  const text = plain(body);
  const end = breakNear(text, request.offset + request.room);
  return { section: title, text: text.slice(request.offset, end), next: end < text.length ? end : null };
}

const joined = (sections: readonly Section[]): string =>
  sections.map(({ title, text }) => `${title}\n\n${text}`).join('\n\n');

const whole = (sections: readonly Section[]) => ({ title: 'all', body: joined(sections) });

function named(sections: readonly Section[], wanted: string): { title: string; body: string } {
  const number = /^\d{1,3}$/.test(wanted) ? Number(wanted) - 1 : -1;
  const at =
    number >= 0
      ? number
      : sections.findIndex(({ title }) => title.toLowerCase().includes(wanted.toLowerCase()));
  const head = sections[at];
  if (head === undefined)
    throw new LabError(
      `there is no section "${wanted.slice(0, 60)}"`,
      `give a number from 1 to ${sections.length}, a part of a title, or all`,
    );
  let end = at + 1;
  while (head.level > 0 && (sections[end]?.level ?? 0) > head.level) end += 1;
  return { title: head.title, body: joined(sections.slice(at, end)) };
}

/** The last paragraph break before `at`, so that pages do not end within a word. */
function breakNear(text: string, at: number): number {
  if (at >= text.length) return text.length;
  const from = Math.max(0, at - 1000);
  const part = text.slice(from, at);
  const paragraph = part.lastIndexOf('\n\n');
  const space = part.lastIndexOf(' ');
  return paragraph > 0 ? from + paragraph : space > 0 ? from + space : at;
}
