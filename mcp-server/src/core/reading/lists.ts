import { hasStem, splitOf } from './names.js';
import { findStand } from './progress.js';
import { type Seen, spotAt } from './seen.js';

const LISTS =
  /(?<![^\s|:([])([A-Za-z@][\w@.-]*(?:\/[A-Za-z@][\w@.-]*){1,7})\s*[:=]?\s+([+-]?\d+\.\d+(?:\s?\/\s?[+-]?\d+\.\d+){1,7})(?!\/|\w)/d;

/** `mIoU/mAcc/allAcc 0.71/0.80/0.91`: as many numbers as names, with the same sign between them. */
export function readLists(text: string): Seen | null {
  const found = text.includes('/') ? LISTS.exec(text) : null;
  const names = found?.[1]?.split('/');
  const place = found?.indices?.[2];
  if (found === null || names === undefined || place === undefined || !names.some(hasStem)) return null;
  const metrics: Seen['metrics'] = [];
  for (const number of text.slice(place[0], place[1]).matchAll(/[+-]?\d+\.\d+/g)) {
    const start = place[0] + number.index;
    const name = names[metrics.length];
    if (name === undefined) return null;
    metrics.push({ name, ...spotAt(text, start, start + number[0].length) });
  }
  if (metrics.length !== names.length) return null;
  return { metrics, stand: findStand(text), split: splitOf(text.slice(0, found.index)) };
}
