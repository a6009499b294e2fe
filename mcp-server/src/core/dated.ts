/** A time as `stat -c %y` prints it, in milliseconds, plus `skew`: `2026-11-24 00:03:25.123456789 +0000`. Without a fraction the end of that second: it is then never dated too early. */
export function dated(time: string, skew: number): number {
  const [, day, clock, fraction, zone] =
    /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?\s*([+-]\d{4})?/.exec(time) ?? [];
  if (day === undefined) return Number.NaN;
  const offset = zone === undefined ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3)}`;
  return Date.parse(`${day}T${clock}.${(fraction ?? '999').padEnd(3, '0').slice(0, 3)}${offset}`) + skew;
}
