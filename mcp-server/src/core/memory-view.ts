import type { MemoryLine } from './memory.js';
import { parseMemory } from './memory.js';
import { clip, countChars, plain } from './text.js';

/**
 * The memory for a reader with little room: at most `limit` characters of safe text. Where not all of it fits, the
 * program's own entries come before a person's text, the newest entries before older ones, and both the text and `note`
 * say that something is missing. `note` is null when nothing is.
 */
export function viewMemory(text: string, limit: number): { text: string; note: string | null } {
  const safe = plain(text);
  const size = countChars(safe);
  if (size <= limit) return { text: safe, note: null };
  const note = `the memory log has ${size} characters; ${limit} fit here, the rest is in MEMORY_LOG.md`;
  const notice = `… [clipped: ${note}]\n`;
  const room = limit - countChars(notice);
  if (room < 0) return { text: clip(safe, limit), note };
  return { text: mostOf(parseMemory(safe).lines, room) + notice, note };
}

function mostOf(lines: readonly MemoryLine[], max: number): string {
  let room = max;
  const kept = new Map<MemoryLine, string>();
  const take = (line: MemoryLine, text: string): boolean => {
    const size = countChars(text);
    if (size > room) return false;
    room -= size;
    kept.set(line, text);
    return true;
  };
  const whole = (line: MemoryLine) => `${line.raw}\n`;
  for (const line of lines) if (line.kind === 'heading') take(line, whole(line));
  for (const section of ['results', 'decisions']) {
    const entries = lines.filter((line) => line.kind === 'entry' && line.section === section).reverse();
    for (const line of entries) if (!take(line, whole(line))) break;
  }
  for (const line of lines) {
    if (line.kind !== 'text' || take(line, whole(line))) continue;
    const part = clip(line.raw, room - 1);
    if (part !== '') take(line, `${part}\n`);
    break;
  }
  return lines.map((line) => kept.get(line) ?? '').join('');
}
