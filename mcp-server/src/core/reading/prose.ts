import { hasStem, splitOf } from './names.js';
import { findStand } from './progress.js';
import { type Seen, spotAt } from './seen.js';

const NUMBER = '([+-]?(?:\\d+(?:\\.\\d+)?(?:[eE][+-]?\\d+)?|nan|inf(?:inity)?))';
const NAME = '["\']?(?<![\\p{L}\\p{N}_./@-])([\\p{L}_][\\p{L}\\p{N}_./@-]{0,80})["\']?';

// A name and its new value in a sentence.
const SENTENCES: ReadonlyArray<{ pattern: RegExp; name: number; value: number; epoch: number | null }> = [
  // `val_loss improved from 0.61 to 0.55`
  {
    pattern: new RegExp(
      `${NAME} (?:has )?(?:improved|decreased|increased|went)\\b[^\\d]{0,40}?from (?:None|${NUMBER}) (?:to|-->|->) ${NUMBER}(?!\\d|[\\w.]\\d)`,
      'diu',
    ),
    name: 1,
    value: 3,
    epoch: null,
  },
  // `Validation loss decreased (0.61 --> 0.55)`
  {
    pattern: new RegExp(
      `((?:\\p{L}[\\p{L}\\p{N}_]* )?[\\p{L}_][\\p{L}\\p{N}_]*) (?:improved|decreased|increased) \\(${NUMBER} (?:to|-+>|=+>) ${NUMBER}\\)`,
      'diu',
    ),
    name: 1,
    value: 3,
    epoch: null,
  },
  // `The best checkpoint with 0.7050 coco/bbox_mAP at 40 epoch is saved`
  { pattern: new RegExp(`\\bwith ${NUMBER} ${NAME} at (\\d+) epoch`, 'diu'), name: 2, value: 1, epoch: 3 },
  // `Trial 12 finished with value: 0.91 and parameters: {…}`
  {
    pattern: new RegExp(`\\bfinished with (value): ${NUMBER}(?!\\d|[\\w.]\\d)`, 'diu'),
    name: 1,
    value: 2,
    epoch: null,
  },
  // `'val_loss' reached 0.333 (best 0.333)`
  {
    pattern: new RegExp(`${NAME} (?:has )?reached ${NUMBER}(?!\\d|[\\w.]\\d)`, 'diu'),
    name: 1,
    value: 2,
    epoch: null,
  },
];
const HINT = /improved|decreased|increased|went|reached| with | (?:at|after|for|of|on|over|in) /;
const QUALIFIED =
  '(?<![\\p{L}\\p{N}_./@-])((?:(?:kl|train|training|val|validation|test|top-\\d|mean|average|overall|best|final) )*[\\p{L}_][\\p{L}\\p{N}_@/-]{0,60})';
// `Training loss (for one batch) at step 200: 0.91`
const AT = new RegExp(
  `${QUALIFIED}(?: \\([^()]{1,40}\\))? (?:at|after|for|on|over|in) (?:the )?(?:\\d+ |final |last )?(?:steps?|epochs?|iterations?|iters?|init|fold|run|seed|trial|rounds?|episodes?)(?: \\d+(?:\\/\\d+)?)?(?: with [a-z ]{1,40})? ?(?::|=|is) ${NUMBER}(?!\\d|[\\w.]\\d)`,
  'diu',
);
// `Accuracy of the network on the 10000 test images: 54 %`
const OF = new RegExp(
  `${QUALIFIED} (?:of|on|for) ([^:=|,;]{0,60}\\b(?:test|val|validation|train|training|network|model|set|images|data|predictions?)\\b[^:=|,;]{0,30})[:=] ?${NUMBER} ?%?\\.?\\s*$`,
  'diu',
);

/** A sentence that tells a metric's new value; the numbers of the rest of such a line (old value, file name) are not taken. */
export function readSentence(text: string): Seen | null {
  if (!HINT.test(text)) return null;
  for (const { pattern, name, value, epoch } of SENTENCES) {
    const found = pattern.exec(text);
    const place = found?.indices?.[value];
    const word = found?.[name];
    if (found === null || place === undefined || word === undefined) continue;
    const stand = findStand(text.slice(0, found.index));
    const when = epoch === null ? undefined : found.indices?.[epoch];
    if (when !== undefined) stand.epoch = spotAt(text, when[0], when[1]);
    const metric = { name: word, ...spotAt(text, place[0], place[1]) };
    return { metrics: [metric], stand, split: splitOf(text.slice(0, found.index)) };
  }
  return readPlaced(text, AT, 2, null) ?? readPlaced(text, OF, 3, 2);
}

/** A metric whose name is told apart from its number by where, or on what, it was taken. */
function readPlaced(text: string, pattern: RegExp, value: number, where: number | null): Seen | null {
  const found = pattern.exec(text);
  const place = found?.indices?.[value];
  const name = found?.[1];
  if (
    found === null ||
    place === undefined ||
    name === undefined ||
    !(hasStem(name) || /^evaluation$/i.test(name))
  )
    return null;
  const metric = { name, ...spotAt(text, place[0], place[1]) };
  const split = splitOf(text.slice(0, found.index)) ?? (where === null ? null : splitOf(found[where] ?? ''));
  return { metrics: [metric], stand: findStand(text), split };
}

const COCO =
  /^\s*Average (?:Precision|Recall)\s+\((AP|AR)\)\s+@\[ IoU=([\d.]+)(?::[\d.]+)?\s*\| area=\s*(\w+)\s*\| maxDets=\s*(\d+)\s*\] = (-?\d+(?:\.\d+)?)\s*$/d;

/** A line of pycocotools' summary, under the short names that people use: AP, AP50, AP75, APs, AR100, ARs. */
export function readCoco(text: string): Seen | null {
  const found = text.includes('Average ') ? COCO.exec(text) : null;
  const place = found?.indices?.[5];
  if (found === null || place === undefined) return null;
  const [, kind = '', iou = '', area = '', dets = ''] = found;
  const size = area === 'all' ? '' : (area[0] ?? '');
  const detail =
    kind === 'AR'
      ? size === ''
        ? dets
        : ''
      : iou === '0.75'
        ? '75'
        : iou === '0.50' && !/0\.50:/.test(text)
          ? '50'
          : '';
  const metric = { name: `${kind}${size}${detail}`, ...spotAt(text, place[0], place[1]) };
  return { metrics: [metric], stand: { step: null, steps: null, epoch: null, epochs: null }, split: null };
}
