import type { Got } from './wire.js';

/** arXiv says so with status 200, 429 or 503, as plain text. */
export function saysRateExceeded(got: Pick<Got, 'body'>): boolean {
  if (got.body.length > 200) return false;
  return /^\s*rate exceeded\.?\s*$/i.test(Buffer.from(got.body).toString('latin1'));
}

/** Longest pause that a header is believed. */
const DAY_MS = 24 * 60 * 60_000;

/** `Retry-After` in milliseconds, as seconds or a date (RFC 9110, 10.2.3); OpenAlex tells it in the body. Null when absent. */
export function retryAfterMs(got: Pick<Got, 'retryAfter' | 'body'>, now: number): number | null {
  const text = got.retryAfter ?? bodyRetry(got.body);
  if (text === null) return null;
  const ms = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), DAY_MS) : null;
}

function bodyRetry(body: Uint8Array): string | null {
  if (body.length > 10_000) return null;
  return /"retry_?after"\s*:\s*"?(\d+)/i.exec(Buffer.from(body).toString('latin1'))?.[1] ?? null;
}
