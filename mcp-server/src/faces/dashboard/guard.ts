import { timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

/** What every answer carries. The page has no inline script or style, asks nobody but us, and nobody may frame it. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
  'Cache-Control': 'no-store',
};

const NAMES = /^(?:127\.0\.0\.1|localhost)(?::\d{1,5})?$/;

/**
 * Lets in who knows the token, and nobody whom another page sends: the Host must be this computer by name (a page that
 * rebinds its own name to 127.0.0.1 has another), an Origin must be our own, and a change needs an Origin or the token in
 * a header, neither of which a foreign page can give. Any port is a good one, for those who come through `ssh -L`.
 */
export function guard(token: string): MiddlewareHandler {
  return async (c, next) => {
    const refused = refusalOf(c, token);
    if (refused === null) {
      if (c.req.query('token') !== undefined) keepToken(c, token);
      await next();
    } else c.res = c.text(`${refused}\n`, 403);
    for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
  };
}

/** Words why a request is refused, or null. */
function refusalOf(c: Context, token: string): string | null {
  const host = c.req.header('host') ?? '';
  if (!NAMES.test(host)) return 'this page answers only to 127.0.0.1 and localhost';
  const origin = c.req.header('origin');
  if (origin !== undefined && origin !== `http://${host}`) return 'another page sent this request';
  const site = c.req.header('sec-fetch-site');
  const isPage =
    c.req.header('sec-fetch-mode') === 'navigate' && c.req.header('sec-fetch-dest') === 'document';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isPage)
    return 'another page sent this request';
  const bearer = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1];
  if (bearer !== undefined) return isSame(bearer, token) ? null : WRONG;
  if (!['GET', 'HEAD'].includes(c.req.method)) {
    if (origin === undefined) return 'a change needs an Origin, or the token in an Authorization header';
    return isSame(getCookie(c, cookieName(c)) ?? '', token) ? null : WRONG;
  }
  const given = c.req.query('token') ?? getCookie(c, cookieName(c)) ?? '';
  return isSame(given, token) ? null : WRONG;
}

const WRONG = 'open the address that `auto-experiment dashboard` printed: it holds the key to this page';

/** Cookies of one computer are shared by all its ports: each dashboard has a name of its own. */
const cookieName = (c: Context): string =>
  `auto-experiment-${/:(\d+)$/.exec(c.req.header('host') ?? '')?.[1] ?? '80'}`;

/** The address of the page loses its token at once, so the browser keeps it here, where no script and no other site reads it. */
function keepToken(c: Context, token: string): void {
  setCookie(c, cookieName(c), token, { httpOnly: true, sameSite: 'Strict', path: '/' });
}

function isSame(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
