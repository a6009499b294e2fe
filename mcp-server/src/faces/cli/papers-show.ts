import { exportPapers } from '../../core/paper/exports/index.js';
import { renderPaper } from '../../engine/papers/render-paper.js';
import { showPaper } from '../../engine/papers/show.js';
import { type Console, type Parsed, UsageError } from '../command.js';
import { formatOf } from './papers-format.js';
import { labOf, outJson } from './shared.js';

/** Characters of a section that a person is shown at once. */
const ROOM = 200_000;

/** `papers show ID`. */
export async function showCommand(console: Console, args: Parsed): Promise<number> {
  const [, id, ...more] = args.words;
  if (id === undefined || more.length > 0)
    throw new UsageError('which paper? usage: auto-experiment papers show ID');
  const format = formatOf(args);
  const lab = labOf(console, args);
  const request = {
    id,
    full: args.switches.full === true,
    section: args.values.section,
    offset: 0,
    room: ROOM,
  };
  const { answer, paper } = await showPaper(lab, lab.open(), request, console.signal);
  if (format !== undefined) console.out(exportPapers(format, [paper]));
  else if (args.switches.json === true) outJson(console, answer);
  else console.out(`${renderPaper(answer)}\n`);
  return 0;
}
