import type { LoopEvent } from '../../engine/loop/events.js';
import type { Console } from '../command.js';
import { createLive } from './live.js';
import { endedLine, progressLine } from './run-lines.js';
import { createStyle } from './style.js';

/**
 * Tells a person what the loop does: a line for each thing that happened and, on a terminal, live lines for what runs.
 * Everything goes to standard error: it is progress, not data.
 */
export function createTeller(console: Pick<Console, 'err' | 'errTerminal' | 'colour' | 'width'>): { tell(event: LoopEvent): void; done(): void } {
  const style = createStyle(console.colour && console.errTerminal);
  const live = createLive((text) => console.err(text));
  let drawn = false;
  const say = (text: string): void => {
    if (drawn) live.draw([]);
    live.done();
    drawn = false;
    console.err(`${text}\n`);
  };
  const tell = (event: LoopEvent): void => {
    switch (event.event) {
      case 'begin':
        return say(`${style.bold(event.project)}: ${event.planner} planner, no model calls`);
      case 'launched':
        return say([`${style.accent(event.run)}  launched  ${event.title}`, ...event.notes.map((note) => style.dim(`        ${note}`))].join('\n'));
      case 'ended':
        return say(endedLine(event.run, style));
      case 'directive':
        return say(style.warn(`directive: ${event.text.replaceAll('\n', ' ').slice(0, 200)} → ${event.outcome}`));
      case 'note':
        return say(style.warn(event.text));
      case 'stopped':
        return say(`${style.bold('stopped')}: ${event.reason}`);
      case 'progress':
        if (!console.errTerminal || event.runs.length === 0) return;
        live.draw(event.runs.map((run) => progressLine(run, console.width, style)));
        drawn = true;
        return;
      case 'plan':
      case 'decision':
        return;
    }
  };
  return { tell, done: () => live.done() };
}
