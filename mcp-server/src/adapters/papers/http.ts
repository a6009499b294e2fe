import { setTimeout as delay } from 'node:timers/promises';
import { errorText } from '../../core/errors.js';
import type { BodyCache, CachedBody, TurnState, Turns } from '../../core/paper/manners.js';
import { SourceError } from '../../core/paper/source.js';
import type { Clock, Random } from '../../core/ports.js';
import { clip, oneLine } from '../../core/text.js';
import { hostRule } from './hosts.js';
import { retryAfterMs, saysRateExceeded } from './refusals.js';
import { type Got, get } from './wire.js';

export interface HttpDoor {
  turns: Turns;
  cache: BodyCache;
  clock: Clock;
  random: Random;
  /** Requests go to `base/<host>/<path>` when set: record and replay. */
  base: string | null;
  /** Pause between requests in place of the hosts’ own; for replay only. */
  spacingMs: number | null;
  userAgent: string;
}

export interface Asked {
  url: string;
  /** Sent as JSON; such a request is a question too and is cached like any other. */
  post?: unknown;
  /** Headers with keys; they are in no cache key, no message and no log. */
  secret?: Record<string, string>;
  accept?: string;
  /** Until when an answer that comes now is fresh, milliseconds since 1970. */
  freshUntil: number;
  /** Throws SourceError for a body that is no answer: it is not kept, and an older answer may stand in. */
  check?: (body: Body) => unknown;
  /** Largest body that is taken. */
  maxBytes?: number;
}

export interface Body {
  bytes: Uint8Array;
  contentType: string;
  at: number;
  stale: boolean;
}

const MIB = 1024 * 1024;
/** A `Retry-After` up to this is waited for, once; a longer one is told. */
const PATIENT_MS = 20_000;
/** Without `Retry-After`: the first pause, doubled with each refusal in a row. */
const FIRST_BLOCK_MS = 60_000;
const LONGEST_BLOCK_MS = 60 * 60_000;
/** Failures in a row after which a host is left alone for a while. */
const BREAKER = 3;
const BREAKER_MS = 15 * 60_000;

/**
 * One question to a source, politely: from the cache while that is fresh, else in the queue of its host, with the host's
 * pause, over all our processes. A refusal or an outage is remembered for the next process; an old answer stands in for a
 * missing one and says so (`stale`). Throws SourceError.
 */
export async function ask(door: HttpDoor, asked: Asked, signal: AbortSignal): Promise<Body> {
  const host = new URL(asked.url).host;
  const rule = hostRule(host);
  if (rule === null) throw new SourceError('refused', `${host} is not asked by this program`, 'report this');
  const key = asked.post === undefined ? asked.url : `${asked.url}\n${JSON.stringify(asked.post)}`;
  const fresh = freshIn(door, key);
  if (fresh !== null) return fresh;
  return door.turns.take(
    rule.group,
    async (state, save) => {
      // Whoever had the turn before may have asked the same.
      const meanwhile = freshIn(door, key);
      if (meanwhile !== null) return meanwhile;
      try {
        const got = await politely(door, asked, { host, state, save, spacingMs: rule.spacingMs }, signal);
        const entry = { url: asked.url, at: door.clock(), freshUntil: asked.freshUntil, ...got };
        const body = bodyOf(entry, false);
        asked.check?.(body);
        door.cache.write(key, entry);
        return body;
      } catch (error) {
        if (!(error instanceof SourceError) || error.trouble === 'not_found' || error.trouble === 'refused')
          throw error;
        const old = door.cache.read(key);
        if (old === null) throw error;
        return bodyOf(old, true);
      }
    },
    signal,
  );
}

function freshIn(door: HttpDoor, key: string): Body | null {
  const entry = door.cache.read(key);
  return entry !== null && door.clock() < entry.freshUntil ? bodyOf(entry, false) : null;
}

const bodyOf = ({ body, contentType, at }: CachedBody, stale: boolean): Body => ({
  bytes: body,
  contentType,
  at,
  stale,
});

interface Turn {
  host: string;
  state: TurnState;
  save: (state: TurnState) => void;
  spacingMs: number;
}

/** At most two tries: after a short `Retry-After`, or after a failure that may have been a hiccup. */
async function politely(
  door: HttpDoor,
  asked: Asked,
  turn: Turn,
  signal: AbortSignal,
): Promise<{ body: Uint8Array; contentType: string }> {
  let { state } = turn;
  const save = (next: TurnState): void => {
    state = next;
    turn.save(next);
  };
  if (state.blockedUntil > door.clock()) throw blocked(turn.host, state);
  for (let again = false; ; again = true) {
    const pause = (door.spacingMs ?? turn.spacingMs) - Math.max(0, door.clock() - state.lastAt);
    if (pause > 0) await delay(pause, undefined, { signal });
    save({ ...state, lastAt: door.clock() });
    // The pause counts from the end: a request may leave long after its turn began, and the next one must not catch up.
    const got = await once(door, asked, signal).finally(() => save({ ...state, lastAt: door.clock() }));
    if (got === null || [500, 502, 504].includes(got.status)) {
      const failures = state.failures + 1;
      const open = failures >= BREAKER;
      const until = open ? door.clock() + BREAKER_MS : 0;
      save({ ...state, failures, blockedUntil: until, why: open ? 'unavailable' : null });
      if (again || open) throw unavailable(turn.host, got, until);
      await delay((door.spacingMs ?? 1000) * (1 + door.random()), undefined, { signal });
      continue;
    }
    if (got.status === 429 || got.status === 503 || saysRateExceeded(got)) {
      const told = retryAfterMs(got, door.clock());
      const wait = told ?? Math.min(FIRST_BLOCK_MS * 2 ** state.failures, LONGEST_BLOCK_MS);
      const until = door.clock() + wait;
      save({ ...state, failures: state.failures + 1, blockedUntil: until, why: 'rate_limited' });
      if (again || told === null || wait > PATIENT_MS) throw blocked(turn.host, state);
      await delay(wait, undefined, { signal });
      continue;
    }
    save({ ...state, failures: 0, blockedUntil: 0, why: null });
    return accepted(turn.host, asked, got);
  }
}

/** Null when nothing came back. Throws when the caller gave up. */
async function once(door: HttpDoor, asked: Asked, signal: AbortSignal): Promise<Got | null> {
  const headers: Record<string, string> = {
    'user-agent': door.userAgent,
    accept: asked.accept ?? '*/*',
    ...asked.secret,
  };
  const post = asked.post === undefined ? null : JSON.stringify(asked.post);
  try {
    return await get({
      url: asked.url,
      base: door.base,
      headers,
      post,
      maxBytes: asked.maxBytes ?? 64 * MIB,
      signal,
    });
  } catch (error) {
    if (error instanceof SourceError) throw error;
    signal.throwIfAborted();
    return null;
  }
}

function accepted(host: string, asked: Asked, got: Got): { body: Uint8Array; contentType: string } {
  if (got.status === 200) return { body: got.body, contentType: got.contentType };
  const said = clip(oneLine(Buffer.from(got.body.subarray(0, 600)).toString('utf8')), 200);
  if (got.status === 404 || got.status === 410)
    throw new SourceError(
      'not_found',
      `${host} has no ${new URL(asked.url).pathname}`,
      'look whether the name is right',
    );
  if (got.status === 401 || got.status === 403)
    throw new SourceError(
      'refused',
      `${host} refuses (${got.status}): ${said}`,
      'another source is used where there is one',
    );
  throw new SourceError(
    'malformed',
    `${host} answers ${got.status}: ${said}`,
    'report this with the question that was asked',
  );
}

function blocked(host: string, state: TurnState): SourceError {
  const when = new Date(state.blockedUntil).toISOString().slice(0, 16).replace('T', ' ');
  return state.why === 'unavailable'
    ? new SourceError('unavailable', `${host} is down; not asked again until ${when} UTC`, 'try again then', {
        until: state.blockedUntil,
      })
    : new SourceError(
        'rate_limited',
        `${host}: rate limited until ${when} UTC`,
        'try again then; nothing is lost',
        {
          until: state.blockedUntil,
        },
      );
}

function unavailable(host: string, got: Got | null, until: number): SourceError {
  const what = got === null ? 'does not answer' : `answers ${got.status}`;
  return new SourceError(
    'unavailable',
    `${host} ${what}`,
    'try again later; look at the network if nothing answers',
    {
      until: until === 0 ? null : until,
    },
  );
}

/** Text of a body. Never throws: what is no UTF-8 appears as U+FFFD. */
export function textOf(body: Body): string {
  return Buffer.from(body.bytes)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
}

/** A body as JSON. Throws SourceError with the beginning of what came instead. */
export function jsonOf(body: Body, source: string): unknown {
  const text = textOf(body);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SourceError(
      'malformed',
      `${source} did not answer with JSON (${errorText(error)}): ${clip(oneLine(text.slice(0, 300)), 120)}`,
      'it may be in trouble; try again later',
      { cause: error },
    );
  }
}
