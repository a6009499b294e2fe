const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A date further away than this is not believed: budgets of a month are no rate limit. */
const LONGEST = 8 * DAY;

/**
 * From when on it may be asked again, in milliseconds since 1970, by the headers of an answer: `retry-after-ms`,
 * `retry-after` (RFC 9110: seconds or a date), else the latest reset of those limits that are used up
 * (`anthropic-ratelimit-*-reset` in RFC 3339 or seconds since 1970, `x-ratelimit-reset-*` as a duration such as `6m0s`). Null
 * when they do not say.
 */
export function retryAtOf(headers: Readonly<Record<string, string>>, now: number): number | null {
  const ms = numberIn(headers['retry-after-ms']);
  if (ms !== null) return bounded(now + ms, now);
  const after = headers['retry-after'];
  if (after !== undefined) {
    const seconds = numberIn(after);
    const at = seconds === null ? Date.parse(after) : now + seconds * 1000;
    if (Number.isFinite(at)) return bounded(at, now);
  }
  const resets = Object.entries(headers).flatMap(([name, value]) => {
    const limit = resetName(name);
    if (limit === null) return [];
    const at = momentOf(value, now);
    if (at === null) return [];
    return [{ at, spent: numberIn(headers[limit.remaining]) === 0 }];
  });
  const spent = resets.filter((reset) => reset.spent);
  if (spent.length > 0) return bounded(Math.max(...spent.map(({ at }) => at)), now);
  return resets.length === 0 ? null : bounded(Math.min(...resets.map(({ at }) => at)), now);
}

/** Name of the header that says how much is left, for one that says when it is full again. */
function resetName(name: string): { remaining: string } | null {
  if (/^anthropic-ratelimit-.+-reset$/.test(name))
    return { remaining: name.replace(/-reset$/, '-remaining') };
  if (/^x-ratelimit-reset-/.test(name)) return { remaining: name.replace('-reset-', '-remaining-') };
  return null;
}

function momentOf(text: string, now: number): number | null {
  const number = numberIn(text);
  // Seconds since 1970, or from now on.
  if (number !== null) return number > 1e9 ? number * 1000 : now + number * 1000;
  const span = durationMs(text);
  if (span !== null) return now + span;
  const at = Date.parse(text);
  return Number.isFinite(at) ? at : null;
}

const numberIn = (text: string | undefined): number | null =>
  text !== undefined && /^\s*\d+(?:\.\d+)?\s*$/.test(text) ? Number(text) : null;

const bounded = (at: number, now: number): number => Math.min(Math.max(at, now), now + LONGEST);

const UNITS: readonly [pattern: string, ms: number][] = [
  ['milliseconds?|ms', 1],
  ['days?|d', DAY],
  ['hours?|hrs?|h', HOUR],
  ['minutes?|mins?|m', MINUTE],
  ['seconds?|secs?|s', 1000],
];
const PART = `\\d+(?:\\.\\d+)?\\s?(?:${UNITS.map(([pattern]) => pattern).join('|')})(?![a-z])`;
const SPAN = new RegExp(`^(?:${PART}(?:,? and |, | )?)+$`, 'i');

/** `6m0s`, `120ms`, `2 hours 3 minutes`. Null for anything else. */
function durationMs(text: string): number | null {
  const packed = text.trim().replace(/(\d[a-z]+)(?=\d)/gi, '$1 ');
  if (!SPAN.test(packed)) return null;
  let sum = 0;
  for (const [part] of packed.matchAll(new RegExp(PART, 'gi'))) {
    const unit = UNITS.find(([pattern]) => new RegExp(`\\d\\s?(?:${pattern})$`, 'i').test(part));
    sum += Number.parseFloat(part) * (unit?.[1] ?? 0);
  }
  return sum;
}

const CLOCK =
  /\b(?:resets?|try again|available)\b[^.\d|]{0,40}?(\d{1,2})(?::(\d{2}))?\s*([ap])\.?m\b\.?(?:[^()\n]{0,20}\(([A-Za-z]+(?:\/[A-Za-z_+-]+)*)\))?/i;
const DATED =
  /\b(?:resets?|try again|regain access)\b[^.\d]{0,30}?\b((?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d{1,2}(?:st|nd|rd|th)?,? (?:\d{4},? )?(?:at )?\d{1,2}(?::\d{2})?\s*[ap]m)(?:[^()\n]{0,20}\(([A-Za-z]+(?:\/[A-Za-z_+-]+)*)\))?/i;
const ISO =
  /\b(?:resets?|try again|regain access)\b[^\d]{0,30}(\d{4}-\d{2}-\d{2}(?:[T ]| at )\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?UTC|Z)?)/i;
const IN = new RegExp(
  `\\b(?:resets?|try again|retry|available)\\b[^.\\d]{0,30}?\\b(?:in|after) (${PART}(?:(?:,? and |, | )?${PART})*)`,
  'i',
);
const EPOCH = /\|(\d{10})\b/;

/**
 * The same out of words of a CLI: `resets 3am (Europe/Berlin)`, `try again at 3:05 PM`, `try again in 2 hours 3 minutes`,
 * `limit reached|1790000000`. Times of day without a zone are those of this computer. Null when none is said.
 */
export function retryAtIn(words: string, now: number): number | null {
  const epoch = EPOCH.exec(words)?.[1];
  if (epoch !== undefined) return bounded(Number(epoch) * 1000, now);
  const span = IN.exec(words)?.[1];
  const ms = span === undefined ? null : durationMs(span.replace(/,? and |, /g, ' '));
  if (ms !== null) return bounded(now + ms, now);
  const iso = ISO.exec(words)?.[1];
  if (iso !== undefined) {
    const at = Date.parse(`${iso.replace(/ at | /, 'T').replace(/ ?UTC|Z/, '')}Z`);
    if (Number.isFinite(at)) return bounded(at, now);
  }
  const dated = DATED.exec(words);
  if (dated?.[1] !== undefined) return dayAndTime(dated[1], zoneOf(dated[2]), now);
  const clock = CLOCK.exec(words);
  if (clock === null) return null;
  const [, hours = '0', minutes = '0', half = 'a', zone] = clock;
  return bounded(nextTime(hourOf(hours, half), Number(minutes), zoneOf(zone), now), now);
}

const hourOf = (hours: string, half: string): number =>
  (Number(hours) % 12) + (half.toLowerCase() === 'p' ? 12 : 0);

/** An IANA zone that this Node knows; undefined = that of this computer. */
function zoneOf(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return name;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The next moment at which a clock in that zone shows this time. */
function nextTime(hour: number, minute: number, zone: string | undefined, now: number): number {
  const wanted = hour * 60 + minute;
  const at = now - (now % MINUTE);
  const ahead = (wanted - minutesOfDay(at, zone) + 1440) % 1440;
  const guess = at + (ahead === 0 ? 1440 : ahead) * MINUTE;
  // A change of the clocks in between moves it by their difference.
  const off = minutesOfDay(guess, zone) - wanted;
  return guess - (Math.abs(off) > 720 ? off - Math.sign(off) * 1440 : off) * MINUTE;
}

function dayAndTime(text: string, zone: string | undefined, now: number): number | null {
  const [, month = '', day = '', year, hours = '0', minutes = '0', half = 'a'] =
    /^([A-Z][a-z]{2})[a-z]*\.? (\d{1,2})[a-z]{0,2},? (?:(\d{4}),? )?(?:at )?(\d{1,2})(?::(\d{2}))?\s*([ap])m$/i.exec(
      text,
    ) ?? [];
  const at = (of: number): number =>
    Date.parse(`${day} ${month} ${of} ${hourOf(hours, half)}:${minutes.padStart(2, '0')} UTC`);
  const thisYear = new Date(now).getUTCFullYear();
  const utc = year === undefined ? at(thisYear) : at(Number(year));
  if (!Number.isFinite(utc)) return null;
  // As if it were UTC, then moved by how far that zone is off then.
  const off = minutesOfDay(utc, zone) - minutesOfDay(utc, 'UTC');
  const moved = utc - (Math.abs(off) > 720 ? off - Math.sign(off) * 1440 : off) * MINUTE;
  return bounded(moved, now);
}

function minutesOfDay(at: number, zone: string | undefined): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(zone === undefined ? {} : { timeZone: zone }),
  }).formatToParts(at);
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value ?? 0);
  return part('hour') * 60 + part('minute');
}
