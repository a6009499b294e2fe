import { isNeverMetric, isSetting, isStem, normalizeName, splitOf } from './names.js';
import { findStand } from './progress.js';
import { type Found, type Seen, spotAt } from './seen.js';

const NUMBER = '[+-]?\\d+\\.\\d+(?:[eE][+-]?\\d+)?';
const ITEM = `(?:(?:(?:np|numpy|torch|jnp)\\.\\w+|tensor)\\(${NUMBER}\\)|${NUMBER}|'${NUMBER}')`;
const LIST = new RegExp(`\\[\\s*(${ITEM}(?:(?:,\\s*|\\s+)${ITEM}){1,16})\\s*\\]`, 'dg');
const VALUE = /(?<![\w.])[+-]?\d+\.\d+(?:[eE][+-]?\d+)?/g;
const NAME = /([\p{L}_][\p{L}\p{N}_./@-]*(?: [\p{L}_][\p{L}\p{N}_./@-]*){0,5})\s*[:=]?\s*$/u;
/** One per group of parameters, or per layer: chosen, and the same in all of them. */
const GROUPS = /(?:^|_)(?:lrs?|learning_rates?|momentum|mom)$/;

/** Where its list stands. */
export interface IndexedSeen extends Seen {
  from: number;
  to: number;
}

/**
 * `Pseudo dice [0.81, 0.75, 0.61]`: a metric of several classes, under `Pseudo dice [0]`, `Pseudo dice [1]` and so on. Two to seventeen
 * numbers with a point, after a metric's name.
 */
export function readIndexed(text: string): IndexedSeen | null {
  if (!text.includes('[')) return null;
  for (const found of text.matchAll(LIST)) {
    const place = found.indices?.[1];
    const name = NAME.exec(text.slice(Math.max(0, found.index - 80), found.index))?.[1];
    if (place === undefined || name === undefined || !isOfClasses(name)) continue;
    const metrics: Found[] = [];
    for (const value of text.slice(place[0], place[1]).matchAll(VALUE)) {
      const start = place[0] + value.index;
      metrics.push({ name: `${name} [${metrics.length}]`, ...spotAt(text, start, start + value[0].length) });
    }
    const split = splitOf(text.slice(0, found.index));
    return { metrics, stand: findStand(text), split, from: found.index, to: place[1] };
  }
  return null;
}

function isOfClasses(name: string): boolean {
  const normalized = normalizeName(name);
  if (GROUPS.test(normalized) || isNeverMetric(normalized) || isSetting(normalized)) return false;
  return isStem(name.split(' ').at(-1) ?? '');
}
