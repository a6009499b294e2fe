import { z } from 'zod';

const PARTS =
  /^(?:(\d+(?:\.\d+)?)\s*d)?\s*(?:(\d+(?:\.\d+)?)\s*h)?\s*(?:(\d+(?:\.\d+)?)\s*m(?:in)?)?\s*(?:(\d+(?:\.\d+)?)\s*s)?$/i;

/** Seconds from `90`, `"90"`, `"30s"`, `"2h"`, `"1h30m"`, `"1d"`; null when it is none of these. */
export function parseDuration(value: string | number): number | null {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : null;
  const text = value.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  const match = PARTS.exec(text);
  if (text === '' || match === null) return null;
  const [d, h, m, s] = match.slice(1).map((part) => Number(part ?? 0));
  return (d ?? 0) * 86_400 + (h ?? 0) * 3600 + (m ?? 0) * 60 + (s ?? 0);
}

/** A duration in a config: seconds after parsing. */
export const Duration = z.union([z.number(), z.string()]).transform((value, context) => {
  const seconds = parseDuration(value);
  if (seconds !== null) return seconds;
  context.addIssue({
    code: 'custom',
    message: `"${value}" is not a duration; write for instance 90, 30s, 20m, 1h30m or 2d`,
  });
  return z.NEVER;
});

/** `3725` → `1h02m`; short enough for a table. */
export function formatDuration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return '–';
  const s = Math.max(0, seconds);
  if (s < 9.95) return `${s.toFixed(1)}s`;
  const whole = Math.round(s);
  if (whole < 60) return `${whole}s`;
  const two = (n: number) => String(n).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`;
  return `${Math.floor(minutes / 1440)}d${two(Math.floor((minutes % 1440) / 60))}h`;
}

/** A metric value for people: 4 significant digits, without float noise; the words NaN and Infinity stay. */
export function formatValue(value: number | string | null): string {
  if (value === null) return 'unknown';
  if (typeof value === 'string' || !Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2);
  if (Number.isInteger(value)) return String(value);
  return size >= 1000 ? value.toFixed(1) : String(Number(value.toPrecision(size >= 0.1 && size < 1 ? 4 : 5)));
}

/** A difference with its sign. */
export function formatGain(value: number): string {
  return `${value >= 0 ? '+' : '−'}${formatValue(Math.abs(Number(value.toPrecision(4))))}`;
}
