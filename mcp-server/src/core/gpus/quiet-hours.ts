const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const DAY = 24 * 60;
const WEEK = 7 * DAY;
const MINUTE_MS = 60_000;

interface Hours {
  /** Days of the week on which they begin, Sunday = 0. */
  days: number[];
  /** Minutes since midnight. */
  from: number;
  /** Minutes. */
  length: number;
  /** An IANA name; the computer’s own where absent. */
  zone: string | undefined;
}

/** `[DAYS ]HH:MM-HH:MM[ ZONE]`: `22:00-07:00`, `Mon-Fri 09:00-18:00 Europe/Berlin`, `Sat,Sun 00:00-24:00`. */
const FORM = /^(?:([A-Za-z,\s-]+?)\s+)?(\d{1,2}):(\d{2})\s*(?:-|–|to)\s*(\d{1,2}):(\d{2})(?:\s+(\S+))?$/;

/** What is wrong with a text as quiet hours, in words; null where nothing is. */
export function quietHoursProblem(text: string): string | null {
  const hours = parse(text);
  return typeof hours === 'string' ? hours : null;
}

/**
 * Until when (milliseconds since 1970) a time is quiet, and by which of the rules; null when it is not. Hours that go on
 * in others are one. A rule that cannot be read counts for nothing: the config has refused it.
 */
export function quietUntil(rules: readonly string[], now: number): { until: number; rule: string } | null {
  let until = now;
  let first: string | null = null;
  // More turns than a week has rules would mean that every hour is quiet.
  for (let turn = 0; turn <= 2 * DAYS.length; turn += 1) {
    const rule = rules.find((text) => remaining(text, until) > 0);
    if (rule === undefined) break;
    first ??= rule;
    until += remaining(rule, until);
  }
  return first === null ? null : { until, rule: first };
}

/** `07:00`, with the day where it is not within one day; in the zone of the rule. */
export function clockWords(until: number, now: number, rule: string): string {
  const hours = parse(rule);
  const zone = typeof hours === 'string' ? undefined : hours.zone;
  const { minute, day } = wallClock(until, zone);
  const two = (count: number): string => String(count).padStart(2, '0');
  const time = `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
  return until - now < DAY * MINUTE_MS ? time : `${DAYS[day]} ${time}`;
}

/** Milliseconds that the rule keeps a moment quiet; 0 = it does not. */
function remaining(rule: string, at: number): number {
  const hours = parse(rule);
  if (typeof hours === 'string') return 0;
  const { minute, day } = wallClock(at, hours.zone);
  const left = hours.days.map((begin) => {
    const gone = (day * DAY + minute - (begin * DAY + hours.from) + WEEK) % WEEK;
    return gone < hours.length ? hours.length - gone : 0;
  });
  const most = Math.max(0, ...left);
  return most === 0 ? 0 : most * MINUTE_MS - (at % MINUTE_MS);
}

function wallClock(at: number, zone: string | undefined): { minute: number; day: number } {
  const parts = new Intl.DateTimeFormat('en-US', {
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(zone === undefined ? {} : { timeZone: zone }),
  }).formatToParts(at);
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? '0';
  return {
    minute: Number(part('hour')) * 60 + Number(part('minute')),
    day: Math.max(0, DAYS.indexOf(part('weekday'))),
  };
}

function parse(text: string): Hours | string {
  const match = FORM.exec(text.trim());
  if (match === null)
    return `"${text}" are no quiet hours; write for instance 22:00-07:00, or Mon-Fri 09:00-18:00 Europe/Berlin`;
  const [, days, h1, m1, h2, m2, zone] = match;
  const from = Number(h1) * 60 + Number(m1);
  const to = Number(h2) * 60 + Number(m2);
  if (from >= DAY || to > DAY || Number(m1) > 59 || Number(m2) > 59)
    return `"${text}" has a time that no clock shows`;
  const on = days === undefined ? DAYS.map((_, day) => day) : parseDays(days);
  if (on === null) return `"${text}" has a day that no week has; write Mon, Tue, Wed, Thu, Fri, Sat, Sun`;
  if (zone !== undefined && !isZone(zone))
    return `"${zone}" is no time zone; write for instance Europe/Berlin`;
  const length = to > from ? to - from : to - from + DAY;
  return { days: on, from, length, zone };
}

/** `Mon-Fri`, `Sat,Sun`, `Fri-Mon`. */
function parseDays(text: string): number[] | null {
  const found = new Set<number>();
  for (const part of text.split(/[,\s]+/).filter(Boolean)) {
    const [first, last = first, more] = part.split('-').map(dayOf);
    if (first === undefined || first < 0 || last === undefined || last < 0 || more !== undefined) return null;
    for (let day = first; ; day = (day + 1) % DAYS.length) {
      found.add(day);
      if (day === last) break;
    }
  }
  return found.size === 0 ? null : [...found];
}

/** By its first three letters: `Mon`, `monday`. */
function dayOf(word: string): number {
  return word.length < 3 ? -1 : DAYS.findIndex((day) => word.toLowerCase().startsWith(day.toLowerCase()));
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
