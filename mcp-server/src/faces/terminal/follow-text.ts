import { plain } from '../../core/text.js';

/** Longer than this no line of a log is waited for. */
const LONGEST = 64 * 1024;

/**
 * What a reader of a growing log should see of its next piece: safe text. A progress bar, which writes its line again and
 * again after a carriage return, moves in its place on a terminal, and is one line elsewhere: its last state.
 */
export function createFollowText(terminal: boolean): { push(text: string): string; end(): string } {
  let rest = '';
  const state = (line: string): string =>
    plain(line.split('\r').findLast((part) => part.trim() !== '') ?? '').replaceAll('\n', '');
  const clear = terminal ? '\r\u001b[2K' : '';
  return {
    push(text) {
      const lines = (rest + text).replaceAll('\r\n', '\n').split('\n');
      const open = lines.pop() ?? '';
      const out = lines.map((line, index) => `${index === 0 ? clear : ''}${state(line)}\n`).join('');
      // A line without an end that is too long is shown as far as it goes.
      const full = open.length > LONGEST;
      rest = full ? '' : open;
      if (full) return `${out}${state(open)}\n`;
      return terminal && open !== '' ? `${out}${clear}${state(open)}` : out;
    },
    end() {
      const out = rest === '' ? '' : `${clear}${state(rest)}\n`;
      rest = '';
      return out;
    },
  };
}
