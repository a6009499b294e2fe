import { hasStem } from './names.js';
import { NOWHERE, type Spot, type Stand, spotAt } from './seen.js';

// `Epoch 3/10`, `Epoch [3/10]`, `Epoch(train) [40][5/6]`, `epoch: 1`, `EP 10 (468)`, `epoch=0/…`, `epoch 001`. Not `for 1 epoch: 12.3 secs`.
const EPOCH =
  /(?<![\w.@-])(?<!(?:^|[\s(a-z])\d{1,3} |@ )(?:epoch|ep\.?)(?:(?=\d)|(?![\w-])["']?\s*)(?:\((?:train|val|test|eval)\w*\)\s*)?(?:(?:[:=#]|\.\.\.)\s*)?(?:[[(]\s*)?(\d+(?:\.\d+)?)(?![\d.]*\w|\s*(?:secs?|seconds|mins?|ms|s|hours?|h)\b)(?:\s*(?:\/|of)\s*(\d+))?/di;
// `Train: 0 [ 0/1251 ( 0%)]`, `TRAIN [0][0/3880]`, `Train:  1/80 (  1%) [ 0/464 (  0%)]`, `Train: [0/300][10/1251]`.
const PHASE =
  /(?<![\w.])(?:train|training|val|valid|validation|eval)\s*(?::\s*)?(?:\[(\d+)\]\s*\[\s*\d+\/|(\d+)(?:\s*\/\s*(\d+)\s*\([^)]*\))?\s*\[\s*\d+\/|\[(\d+)\/(\d+)\]\s*\[\s*\d+\/)|^\s*\[(\d+)\/(\d+)\]\s*\[\s*\d+\/\d+\]/di;
// `1epoch results:`, `12epoch:train:1-100batch:`
const COUNTED = /(?<![\w.@-])(\d+)epoch(?=[:\s])/di;
// In order of worth.
const STEPS = [
  /(?<![\w.])(?:global[ _-]?steps?|num_updates)["']?\s*(?:[:=#]\s*)?(?:[[(]\s*)?(\d+(?:\.0+)?)(?![.\d]*\w)(?:\s*(?:\/|of)\s*(\d+))?/di,
  /(?<![\w./-])(?<!\b(?:fps|per|each) )(?:train(?:ing)?[ _]|env_|completed )?step["']?(?:\(train\))?\s*(?:(?:[:=#]|\.\.\.)\s*)?(?:[[(]\s*)?(\d+)(?![.\d]*[\w%])(?:\s*(?:\/|of)\s*(\d+))?/di,
  /(?<![\w./-])(?:training |train |completed )?(?:iteration|iter|tick)["']?(?:\(train\))?\s*(?:(?:[:=#]|\.\.\.)\s*)?(?:[[(]\s*)?(\d+)(?![.\d]*[\w%])(?:\s*(?:\/|of)\s*(\d+))?/di,
  // A bar that is labelled with it.
  /(?<![\w./-])(?:steps|iterations|iters):\s+\d+%\|[^|]*\|\s*(\d+)\/(\d+)/di,
  /(?<![\w./-])(?:steps|iterations|iters|it|update|updates)["']?\s*[:=]\s*(\d+)(?![.\d]*[\w%])(?:\s*(?:\/|of)\s*(\d+))?/di,
  /(?<![\w./-])(?:updates|up\.)\s+(\d+)(?![.\d]*[\w%])/di,
  /^\W*(?:it|iters|steps|(?:total )?timesteps?|frames?)[:\s]\s*(\d+)(?![.\d]*[\w%])/di,
  /(?<![\w./-])(?:num_|total_)timesteps[:=]\s*(\d+)(?![.\d]*[\w%])/di,
  // Boosters and scripts that open the line with it: `[10]\tauc:…`, `10:\tlearn: …`, `s:250 tel:…`.
  /(?:^|\] )\s*\[(\d+)\]:?(?=\s+\S*[A-Za-z])(?!\s*\[)/d,
  /^\s*(\d+):(?:\t| {2,}| (?=learn: ))/d,
  /^\s*s:(\d+)\s/d,
  /^\s*(\d+)\s+\|\s+(?=[a-z])/d,
  /(?<![\w.])episode[\s:=#]*(\d+)(?![.\d]*\w)(?:\s*(?:\/|of)\s*(\d+))?/di,
];
// `1|25|Loss: …`, `[1,  2000] loss: …`: epoch, then step.
const BARRED = /^\s*(?:(\d+)\|(\d+)\||\[(\d+), +(\d+)\]:? +(?=[a-z]))/di;

type Indices = ReadonlyArray<readonly [number, number] | undefined> | undefined;

function spot(text: string, indices: Indices, group: number): Spot | null {
  const place = indices?.[group];
  return place === undefined ? null : spotAt(text, place[0], place[1]);
}

// What every pattern here needs; most lines have none of it.
const SAYS =
  /epoch|step|iter|tick|episode|up(?:dates|\.)|frame|train|val|(?<![\w.])(?:ep|it)(?![a-z])|^\s*(?:s:)?\[?\d+[\]:|\s,/]|\] \[\d/i;

/** Step and epoch of a line, with their totals when printed. Counts of bars and batches are neither. */
export function findStand(text: string): Stand {
  if (!SAYS.test(text)) return { ...NOWHERE };
  const barred = BARRED.exec(text);
  if (barred !== null) {
    return {
      ...NOWHERE,
      epoch: spot(text, barred.indices, 1) ?? spot(text, barred.indices, 3),
      step: spot(text, barred.indices, 2) ?? spot(text, barred.indices, 4),
    };
  }
  const stand: Stand = { ...NOWHERE };
  const epoch = EPOCH.exec(text);
  if (epoch !== null) {
    stand.epoch = spot(text, epoch.indices, 1);
    stand.epochs = spot(text, epoch.indices, 2);
  } else {
    const phase = PHASE.exec(text);
    if (phase !== null) {
      stand.epoch =
        spot(text, phase.indices, 1) ??
        spot(text, phase.indices, 2) ??
        spot(text, phase.indices, 4) ??
        spot(text, phase.indices, 6);
      stand.epochs =
        spot(text, phase.indices, 3) ?? spot(text, phase.indices, 5) ?? spot(text, phase.indices, 7);
    }
  }
  if (stand.epoch === null) stand.epoch = spot(text, COUNTED.exec(text)?.indices, 1);
  for (const pattern of STEPS) {
    const step = pattern.exec(text);
    if (step === null) continue;
    stand.step = spot(text, step.indices, 1);
    stand.steps = spot(text, step.indices, 2);
    break;
  }
  return stand;
}

export interface Progress {
  epoch: number | null;
  epochs: number | null;
  step: number | null;
  steps: number | null;
}

/** What a logger puts before a message: when, how bad, and where. */
const PREFIX =
  /^(?:[\s\-|:,>#*=[\]]+|\d{1,4}[-/.:]\d[\d\-/.:,TZ+]*|(?:INFO|DEBUG|NOTICE)\b(?::[\w.]+:)?|[A-Za-z_][\w.]*(?= - |:\d+\]))+/;

/** Where the message behind that starts. */
export const prefixEnd = (text: string): number => PREFIX.exec(text)?.[0].length ?? 0;

/** Lines that say nothing but which epoch begins, or is evaluated: it holds for the lines after it. */
export function announcesEpoch(text: string): boolean {
  if (!/epoch|\bep\b/i.test(text)) return false;
  const told = text.slice(prefixEnd(text));
  const found =
    /^[^A-Za-z\d]*(?:(?:beginning|start|starting|begin|evaluating|training|running)\b[^\d:=]*)?(?:epoch|ep)\b[^\w(]*\d+(?:\s*(?:\/|of)\s*\d+)?\]?(?:\W*$|\s*[,.|]\s*(?:total|learning rate|lr)\b)/i.exec(
      told,
    );
  // `epoch: 1, lr: 1e-3 - train loss: 3.1` is a record.
  return found !== null && !hasStem(told.slice(found[0].length));
}
