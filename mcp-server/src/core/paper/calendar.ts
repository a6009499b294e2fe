/**
 * When arXiv announces: Sunday to Thursday at 20:00 in New York (info.arxiv.org/help/availability.html), for the feed of
 * the next day, which is made at midnight there. A batch is named by that day, so Monday to Friday. No batch follows an
 * evening on which arXiv is closed; what was submitted comes with the next one.
 */

const HOUR = 3_600_000;

/** Evenings without an announcement, New York dates (info.arxiv.org/help/arxiv_announcements/holidays.html), known for 2026. */
const CLOSED_2026 = new Set([
  '2026-01-01',
  '2026-01-19',
  '2026-06-19',
  '2026-07-03',
  '2026-09-07',
  '2026-11-26',
  '2026-12-25',
  '2026-12-29',
  '2026-12-31',
]);

/** The date in a time zone, `YYYY-MM-DD`. `zone` is an IANA name. */
export function dateIn(zone: string, at: number): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).format(at);
  return parts.slice(0, 10);
}

/** The hour of the day in New York, 0 to 23. */
function hourInNewYork(at: number): number {
  const hour = new Intl.DateTimeFormat('en-US', {
    timeZone: 'America/New_York',
    hour: 'numeric',
    hourCycle: 'h23',
  }).format(at);
  return Number(hour);
}

export function isTimeZone(zone: string): boolean {
  try {
    dateIn(zone, 0);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** 0 = Sunday. */
function weekday(day: string): number {
  return new Date(`${day}T12:00:00Z`).getUTCDay();
}

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T12:00:00Z`) + days * 24 * HOUR).toISOString().slice(0, 10);
}

/**
 * Whether a batch carries this day's name, and why not. A holiday is a guess outside 2026, where only the fixed dates
 * are known: arXiv publishes each year's list.
 */
export function batchOn(day: string): 'batch' | 'weekend' | 'holiday' {
  const at = weekday(day);
  if (at === 0 || at === 6) return 'weekend';
  const evening = addDays(day, -1);
  const fixed = /-(?:01-01|12-25|12-31)$/.test(evening);
  const closed = evening.startsWith('2026-') ? CLOSED_2026.has(evening) : fixed;
  return closed ? 'holiday' : 'batch';
}

/** The newest batch whose feed should be there at an instant: feeds change at midnight in New York. */
export function expectedBatch(at: number): string {
  let day = dateIn('America/New_York', at);
  while (batchOn(day) !== 'batch') day = addDays(day, -1);
  return day;
}

/** The batches after `last` up to `newest`, oldest first: what a reader may have missed. At most 60. */
export function batchesBetween(last: string, newest: string): string[] {
  const days: string[] = [];
  for (let day = addDays(last, 1); day <= newest && days.length < 60; day = addDays(day, 1))
    if (batchOn(day) === 'batch') days.push(day);
  return days;
}

/** When the next feed is due, milliseconds since 1970: midnight in New York that begins the next day with a batch. */
export function nextBatchAt(at: number): number {
  const now = dateIn('America/New_York', at);
  let day = addDays(now, 1);
  while (batchOn(day) !== 'batch') day = addDays(day, 1);
  // Midnight there is 04:00 or 05:00 UTC.
  const four = Date.parse(`${day}T04:00:00Z`);
  return hourInNewYork(four) === 0 ? four : four + HOUR;
}

/** Days of submissions in a batch, in UTC milliseconds, for asking the search API instead of a feed: generous on both sides. */
export function submissionWindow(batch: string): { from: number; to: number } {
  let before = addDays(batch, -1);
  while (batchOn(before) !== 'batch') before = addDays(before, -1);
  // The batch before took submissions until 14:00 New York time of the weekday before it: 18:00 or 19:00 UTC.
  let closedAt = addDays(before, -1);
  while (weekday(closedAt) === 0 || weekday(closedAt) === 6) closedAt = addDays(closedAt, -1);
  return { from: Date.parse(`${closedAt}T18:00:00Z`), to: Date.parse(`${batch}T05:00:00Z`) };
}
