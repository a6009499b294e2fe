import { hasStem, isEpochName, splitOf, stepRank } from './names.js';
import { findStand } from './progress.js';
import { type Seen, spotAt } from './seen.js';

/** Where its names start and its numbers end. */
export interface ListsSeen extends Seen {
  from: number;
  to: number;
}

const NAMES = '[A-Za-z@][\\w@.-]*(?:\\/[A-Za-z@][\\w@.-]*){1,7}';
const NUMBER = '[+-]?\\d+(?:\\.\\d+)?(?:[eE][+-]?\\d+)?';
const VALUES = `(${NUMBER}(?:\\s?\\/\\s?${NUMBER}){1,7})(?!\\/|\\w|\\.\\d)`;
const FORMS = [
  // `mIoU/mAcc/allAcc 0.71/0.80/0.91`, `mean/median reward 21.1/20.0`
  new RegExp(`(?<![^\\s|:([,;])(${NAMES})( [A-Za-z]\\w*)?\\s*[:=]?\\s+${VALUES}`, 'd'),
  // `Loss train/val: 0.41/0.51`, `loss (train/val) = 0.41 / 0.51`
  new RegExp(`(?<![^\\s|:([,;])()([A-Za-z]\\w*) \\(?(${NAMES})\\)?\\s*[:=]\\s*${VALUES}`, 'd'),
  // `Train / Test accuracy: 0.71 / 0.70`
  new RegExp(
    `(?<![^\\s|:([,;\\]])([A-Za-z]\\w*(?: \\/ [A-Za-z]\\w*){1,7})( [A-Za-z]\\w*)?\\s*[:=]\\s*${VALUES}`,
    'd',
  ),
  // Julia's `@show`: `(epoch, loss) = (5, 0.31)`
  new RegExp(`\\(([A-Za-z]\\w*(?:, [A-Za-z]\\w*){1,7})\\)() = \\((${NUMBER}(?:, ${NUMBER}){1,7})\\)`, 'd'),
];
const EACH = new RegExp(NUMBER, 'g');

/** As many numbers as names, with the same sign between them; one word that all of them share goes into each name. */
export function readLists(text: string): ListsSeen | null {
  if (!text.includes('/') && !text.includes(') = (')) return null;
  for (const [at, form] of FORMS.entries()) {
    const found = form.exec(text);
    const names = found?.[at === 1 ? 3 : 1]?.split(/ ?\/ ?|, /);
    const shared = found?.[2]?.trim() ?? '';
    const place = found?.indices?.[at === 1 ? 4 : 3];
    if (found === null || names === undefined || place === undefined) continue;
    const metrics: Seen['metrics'] = [];
    for (const number of text.slice(place[0], place[1]).matchAll(EACH)) {
      const start = place[0] + number.index;
      const name = names[metrics.length];
      if (name === undefined) break;
      metrics.push({
        name: shared === '' ? name : `${name} ${shared}`,
        ...spotAt(text, start, start + number[0].length),
      });
    }
    const whole = metrics.length === names.length && text.slice(place[0], place[1]).includes('.');
    if (!whole || !metrics.some(({ name }) => hasStem(name))) continue;
    const split = splitOf(text.slice(0, found.index));
    const stand = findStand(text);
    for (const { name, ...spot } of metrics) if (isEpochName(name)) stand.epoch = spot;
    const measured = metrics.filter(({ name }) => !isEpochName(name) && stepRank(name) === undefined);
    // `mean/median reward 21.1/20.0, min/max reward 9.0/31.0`
    const more = readLists(' '.repeat(place[1]) + text.slice(place[1]));
    return {
      metrics: [...measured, ...(more?.metrics ?? [])],
      stand,
      split,
      from: found.index,
      to: more?.to ?? place[1],
    };
  }
  return null;
}
