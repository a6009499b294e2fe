import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../mcp-server/src/core/redact.js';

const b = (length: number) => 'aB3dE5gH7j'.repeat(12).slice(0, length);
const upper = (length: number) => 'AB3DE5GH7J'.repeat(4).slice(0, length);
const hex = (length: number) => '0123456789abcdef'.repeat(5).slice(0, length);

/** Canaries: the part that must not be seen any more. Joined here, so that no scanner takes this file for a leak. */
const canaries: [string, string][] = [
  ['OpenAI', `sk-proj-${b(40)}`],
  ['Anthropic', `sk-ant-api03-${b(60)}`],
  ['GitHub', `ghp_${b(36)}`],
  ['GitHub fine-grained', `github_pat_${b(60)}`],
  ['AWS', `AKIA${upper(16)}`],
  ['Hugging Face', `hf_${b(34)}`],
  ['Slack', `xoxb-${b(24)}`],
  ['JWT', `eyJ${b(20)}.${b(30)}.${b(20)}`],
  ['Google', `AIza${b(35)}`],
  ['Google OAuth', `ya29.${b(40)}`],
  ['GitLab', `glpat-${b(20)}`],
  ['npm', `npm_${b(36)}`],
  ['PyPI', `pypi-${b(60)}`],
  ['Stripe', `sk_live_${b(24)}`],
  ['SendGrid', `SG.${b(22)}.${b(43)}`],
  ['Telegram', `123456789:AA${b(33)}`],
  ['Groq', `gsk_${b(40)}`],
  ['xAI', `xai-${b(40)}`],
  ['NVIDIA', `nvapi-${b(40)}`],
  ['Replicate', `r8_${b(37)}`],
  ['DigitalOcean', `dop_v1_${hex(64)}`],
  ['Databricks', `dapi${hex(32)}`],
  [
    'key block',
    `-----BEGIN OPENSSH ${'PRIVATE'} KEY-----\n${b(64)}\n${b(20)}\n-----END OPENSSH ${'PRIVATE'} KEY-----`,
  ],
  ['torn key block', `-----BEGIN ${'PRIVATE'} KEY-----\n${b(64)}\n${b(64)}`],
];

const inPlace: [string, string][] = [
  [`Authorization: Bearer ${b(12)}`, b(12)],
  [`"authorization": "Basic ${b(16)}"`, b(16)],
  [`curl -H 'x-api-key: ${b(20)}'`, b(20)],
  ['git clone https://me:hunter2pass@host/repo', 'hunter2pass'],
  [`https://${b(30)}@github.com/x`, b(30)],
  [`https://hooks.slack.com/services/T0/B0/${b(24)}`, b(24)],
  [`AccountKey=${b(60)}==;`, b(60)],
  [`https://x/y?sig=${b(40)}`, b(40)],
  [`WANDB_API_KEY=${hex(40)}`, hex(40)],
  [`export MY_SECRET="${b(12)}"`, b(12)],
  [`api_key: "${b(12)}"`, b(12)],
];

describe('createRedactor', () => {
  const redact = createRedactor([]);
  it.each(canaries)('finds a key of %s in the middle of a line', (_, key) => {
    const out = redact(`before (${key}), after`);
    expect(out).toBe('before ([redacted]), after');
  });

  it.each(inPlace)('finds what stands at a telling place: %s', (text, secret) => {
    const out = redact(text);
    expect(out).not.toContain(secret);
    expect(out).toContain('[redacted]');
    expect(redact(out)).toBe(out);
  });

  it.each([
    'epoch 3 train_loss=0.123 val_acc: 76.1 num_tokens: 123456789 tokens/s=12345',
    'commit 3f786850e387550fdab836ed7e6dc881de23001b',
    'pip install sk-learn scikit-learn; task-scheduler-0123456789abcdef',
    'pad_token: "<pad>" eos_token_id=50256 max_new_tokens=2048',
    'http://localhost:3000/a@b and user@host:/data',
    'password: str = Field(...)',
    'loss at step 100:AA',
  ])('leaves ordinary logs alone: %s', (text) => expect(redact(text)).toBe(text));

  it('replaces known values in every form that programs print', () => {
    const secret = 'p@ss "w/ord"\\x';
    const known = createRedactor([secret, 'abc', 'longer-secret-value', 'longer-secret']);
    const forms = [
      secret,
      JSON.stringify(secret),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
    ];
    for (const form of forms) expect(known(`x ${form} y`)).toMatch(/^x "?\[redacted\]"?=* y$/);
    expect(known('longer-secret-value')).toBe('[redacted]');
    expect(known('abc is too short to look for')).toBe('abc is too short to look for');
  });

  it('finds a known value within longer text in base64, whatever comes before and after', () => {
    const secret = 'no shape at all';
    const known = createRedactor([secret]);
    for (const before of ['', 'u', 'me', 'me:', 'user:'])
      for (const after of ['', '\n', 'xy', 'xyz']) {
        const out = known(Buffer.from(before + secret + after).toString('base64'));
        expect(out).toContain('[redacted]');
        const left = out.split('[redacted]').map((part) => Buffer.from(part, 'base64').toString('latin1'));
        expect(left.join('').length).toBeLessThanOrEqual(before.length + after.length + 2);
      }
  });

  const secret = 'plain+word/with=27~letters?x';
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const known = createRedactor([secret]);

  it.each([
    ['base64 twice', base64(base64(secret))],
    ['base64 of a text that holds it in base64', base64(`{"auth":"${base64(`user:${secret}`)}"}`)],
    ['base64 for addresses', Buffer.from(`xx${secret}`).toString('base64url')],
    ['an address twice', encodeURIComponent(encodeURIComponent(secret))],
    ['an address in small letters', encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase())],
    ['base64 in an address', encodeURIComponent(base64(secret))],
    ['an address in base64', base64(encodeURIComponent(secret))],
    ['hexadecimal', Buffer.from(secret).toString('hex')],
  ])('finds a known value in %s', (_, text) => {
    const out = known(`before ${text} after`);
    expect(out).toMatch(/^before .{0,30}\[redacted\].{0,8} after$/);
  });

  it.each([
    ['a narrow console', (secret.match(/.{1,9}/g) ?? []).join('\n')],
    ['a pretty-printer', `('${secret.slice(0, 10)}'\n '${secret.slice(10)}')`],
    ['Windows', `${secret.slice(0, 5)}\r\n    ${secret.slice(5)}`],
    ['base64 of 20 letters a line', (base64(`before ${secret}`).match(/.{1,20}/g) ?? []).join('\n')],
  ])('finds a known value that is broken over lines by %s', (_, text) => {
    const out = known(`first line\n${text}\nlast line`);
    expect(out.startsWith('first line\n')).toBe(true);
    expect(out.endsWith('\nlast line')).toBe(true);
    expect(out).toContain('[redacted]');
    const pieces = text.split(/[^A-Za-z0-9+/=~?]+/).filter((piece) => piece.length > 4);
    for (const piece of pieces.slice(1)) expect(out).not.toContain(piece);
  });

  it('finds several values on both sides of the same line breaks', () => {
    const [a, z] = [secret.slice(0, 7), secret.slice(7)];
    expect(known(`${a}\n${z} mid ${a}\n  ${z} end\n${secret}\n`)).toBe(
      '[redacted] mid [redacted] end\n[redacted]\n',
    );
  });

  it('finds a known value as Python shows it', () => {
    const known = createRedactor(['p@ss "w/ord"\\x', `both ' and "\n`]);
    expect(known(String.raw`{'A': 'p@ss "w/ord"\\x', 'B': 'both \' and "\n'}`)).toBe(
      "{'A': '[redacted]', 'B': '[redacted]'}",
    );
  });

  it('finds a line of a known key of several lines where its beginning is cut off', () => {
    const known = createRedactor([`-----BEGIN X-----\n${b(64)}\n${b(40)}\n-----END X-----\n`]);
    expect(known(`${b(40)}\n-----END X-----`)).toBe('[redacted]\n-----END X-----');
  });

  it('leaves no known value in any text and does nothing a second time (property)', () => {
    const value = fc
      .string({ unit: 'grapheme', minLength: 6, maxLength: 30 })
      .filter((s) => s.trim().length >= 6 && !'[redacted]'.includes(s));
    fc.assert(
      fc.property(value, fc.string(), fc.string(), (secret, before, after) => {
        const known = createRedactor([secret]);
        expect(known(before + secret + after)).not.toContain(secret);
      }),
    );
  });
});
