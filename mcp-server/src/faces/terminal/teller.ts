import { clip, oneLine } from '../../core/text.js';
import type { LoopEvent } from '../../engine/loop/events.js';
import type { Console } from '../command.js';
import { createLive } from './live.js';
import { endedLine, progressLine } from './run-lines.js';
import { createStyle } from './style.js';

/**
 * Tells a person what the loop does: a line for each thing that happened and, on a terminal, live lines for what runs.
 * Everything goes to standard error: it is progress, not data.
 */
export function createTeller(console: Pick<Console, 'err' | 'errTerminal' | 'colour' | 'width'>): {
  tell(event: LoopEvent): void;
  done(): void;
} {
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
        say(
          `${style.bold(event.project)}: ${event.planner === 'sweep' ? 'sweep planner, no model calls' : 'a leader plans; no model calls while runs train'}`,
        );
        break;
      case 'thought':
        say(style.dim(`cycle ${event.cycle}  ${event.action}: ${clip(oneLine(event.text), 200)}`));
        break;
      case 'step':
        if (event.state === 'done')
          say(style.dim(`cycle ${event.cycle}  ${event.role} agent: ${clip(oneLine(event.text), 200)}`));
        break;
      case 'sleep':
        say(style.warn(event.why));
        break;
      case 'launched':
        say(`${style.accent(event.run)}  launched  ${event.title}`);
        for (const note of event.notes) say(style.dim(`        ${note}`));
        break;
      case 'ended':
        say(endedLine(event.run, console.errTerminal ? console.width : 200, style));
        break;
      case 'directive':
        say(style.warn(`directive: ${clip(oneLine(event.text), 200)} → ${event.outcome}`));
        break;
      case 'note':
        say(style.warn(event.text));
        break;
      case 'stopped':
        say(`${style.bold('stopped')}: ${event.reason}`);
        break;
      case 'progress':
        if (!console.errTerminal || event.runs.length === 0) break;
        live.draw(event.runs.map((run) => progressLine(run, console.width, style)));
        drawn = true;
        break;
      case 'plan':
        if (event.role === 'candidate' && event.planner === 'llm')
          say(style.dim(`cycle ${event.cycle}  plan: ${event.title}`));
        break;
      case 'call':
      case 'decision':
        break;
    }
  };
  return { tell, done: () => live.done() };
}
