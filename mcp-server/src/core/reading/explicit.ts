import { isEpochName, normalizeName, stepRank } from './names.js';
import { NOWHERE, type Seen, spotAt } from './seen.js';

const MARK = /(?:^|[\s\])|:>])METRICS?[:\s]\s*(?=\S+\s*[=:])/;
const PAIR =
  /(?:^|[\s,;])(?:"([^"]{1,120})"|'([^']{1,120})'|([^\s=:,;"'][^\s=,;]{0,119}?))\s*[=:]\s*([+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|nan|inf(?:inity)?))(?=%?(?:$|[\s,;]))/dgi;

/** `METRIC name=value name=value step=N`: what a program says of itself on purpose. Null for other lines. */
export function readExplicit(text: string): Seen | null {
  const mark = text.includes('METRIC') ? MARK.exec(text) : null;
  if (mark === null) return null;
  const from = mark.index + mark[0].length;
  const seen: Seen = { metrics: [], stand: { ...NOWHERE }, split: null };
  for (const pair of text.slice(from).matchAll(PAIR)) {
    const name = pair[1] ?? pair[2] ?? pair[3];
    const place = pair.indices?.[4];
    if (name === undefined || place === undefined) continue;
    const spot = spotAt(text, from + place[0], from + place[1]);
    const normalized = normalizeName(name);
    if (isEpochName(normalized)) seen.stand.epoch = spot;
    else if (stepRank(normalized) !== undefined) seen.stand.step = spot;
    else seen.metrics.push({ name, ...spot });
  }
  return seen.metrics.length > 0 ? seen : null;
}
