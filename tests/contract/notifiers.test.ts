import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openNotifier } from '../../mcp-server/src/adapters/notifiers/index.js';
import type { NotifierIo } from '../../mcp-server/src/adapters/notifiers/open.js';
import { Channel } from '../../mcp-server/src/core/notify/channel.js';
import { secretValue } from '../../mcp-server/src/store/notify-file.js';
import { type Answer, type HttpStandIn, type Received, startHttp } from '../support/http-stand-in.js';
import { type SmtpStandIn, startSmtp } from '../support/smtp-stand-in.js';
import { type Failure, notifierContract, type OpenedNotifier, POST } from './notifier-suite.js';

const TOKEN = '123456789:AAtest-token-of-nobody-at-all-0123456789';
const NOW = Date.parse('2026-03-04T05:06:07Z');

function open(channel: unknown, env: Record<string, string> = {}) {
  const all: Record<string, string> = { PATH: process.env.PATH ?? '', ...env };
  const io: NotifierIo = {
    secret: (secret) => secretValue(secret, all),
    env: all,
    agent: 'auto-experiment/test',
    clock: () => NOW,
  };
  return openNotifier(Channel.parse(channel), io);
}

const ANSWERS: Record<Failure, Answer | null> = {
  none: { status: 200, body: '{"ok":true}' },
  refused: { status: 404, body: 'no such thing' },
  busy: { status: 503, body: 'come back later' },
  patience: { status: 429, headers: { 'retry-after': '7' } },
  silent: null,
};
const ALL: Failure[] = ['refused', 'busy', 'patience', 'silent'];

/** A channel whose service speaks HTTP. `read` takes title and text out of what it got. */
async function overHttp(
  channel: (http: HttpStandIn) => unknown,
  env: (http: HttpStandIn) => Record<string, string>,
  read: (request: Received) => { title: string; text: string },
): Promise<OpenedNotifier> {
  const http = await startHttp();
  const values = env(http);
  return {
    notifier: open(channel(http), values),
    received: () => http.received.map(read),
    fail: (kind) => {
      http.answer = ANSWERS[kind];
    },
    secrets: [TOKEN, 'hard-to-guess', '/services/'],
    close: () => http.close(),
  };
}

/** The first line is the title. */
const split = (text: string): { title: string; text: string } => {
  const [title = '', ...rest] = text.split('\n');
  return { title, text: rest.join('\n') };
};

notifierContract(
  'ntfy',
  () =>
    overHttp(
      ({ url }) => ({ kind: 'ntfy', server: url, topic: { env: 'TOPIC' }, token: { env: 'NTFY_TOKEN' } }),
      () => ({ TOPIC: 'hard-to-guess', NTFY_TOKEN: TOKEN }),
      ({ path, headers, body }) => {
        expect([path, headers.authorization, body.topic]).toEqual(['/', `Bearer ${TOKEN}`, 'hard-to-guess']);
        return { title: body.title, text: body.message };
      },
    ),
  ALL,
);
notifierContract(
  'Slack',
  () =>
    overHttp(
      () => ({ kind: 'slack', url: { env: 'SLACK_URL' } }),
      ({ url }) => ({ SLACK_URL: `${url}/services/T0/B0/hard-to-guess` }),
      ({ path, body }) => {
        expect(path).toBe('/services/T0/B0/hard-to-guess');
        expect(body).toMatchObject({ mrkdwn: false, unfurl_links: false });
        expect(body.text).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
        return split(body.text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&'));
      },
    ),
  ALL,
);
notifierContract(
  'Discord',
  () =>
    overHttp(
      () => ({ kind: 'discord', url: { env: 'DISCORD_URL' } }),
      ({ url }) => ({ DISCORD_URL: `${url}/api/webhooks/1/hard-to-guess` }),
      ({ body }) => {
        expect(body.allowed_mentions).toEqual({ parse: [] });
        expect(body.content.length).toBeLessThanOrEqual(2000);
        const [bold = '', ...rest] = body.content.split('\n');
        const literal = (text: string): string => text.replace(/\\([\\*_~`|>#[\]()<-])/g, '$1');
        return { title: literal(bold.slice(2, -2)), text: literal(rest.join('\n')) };
      },
    ),
  ALL,
);
notifierContract(
  'Telegram',
  () =>
    overHttp(
      ({ url }) => ({ kind: 'telegram', token: { env: 'BOT' }, chat: -100200, server: `${url}/` }),
      () => ({ BOT: TOKEN }),
      ({ path, body }) => {
        expect(path).toBe(`/bot${TOKEN}/sendMessage`);
        expect(body).toMatchObject({ chat_id: '-100200', disable_notification: true });
        expect(body.parse_mode).toBeUndefined();
        return split(body.text);
      },
    ),
  ALL,
);
notifierContract(
  'webhook',
  () =>
    overHttp(
      () => ({ kind: 'webhook', url: { env: 'HOOK' }, authorization: { env: 'HOOK_AUTH' } }),
      ({ url }) => ({ HOOK: `${url}/hard-to-guess`, HOOK_AUTH: `Bearer ${TOKEN}` }),
      ({ headers, body }) => {
        expect(headers).toMatchObject({ authorization: `Bearer ${TOKEN}`, 'idempotency-key': POST.id });
        expect(body).toMatchObject({
          id: POST.id,
          project: 'digits',
          events: ['confirmed_gain'],
          run: 'exp003',
        });
        return { title: body.title, text: body.text };
      },
    ),
  ALL,
);

/** Headers and text of a mail, decoded. */
function readMail(data: string): { title: string; text: string } {
  const [head = '', ...body] = data.split('\r\n\r\n');
  const flat = head.replace(/\r\n\s+/g, ' ');
  const word = (text: string): string =>
    text
      .replace(/\?=\s+=\?/g, '?==?')
      .replace(/=\?utf-8\?b\?([^?]*)\?=/gi, (_, base: string) => Buffer.from(base, 'base64').toString('utf8'))
      .replace(/=\?utf-8\?q\?([^?]*)\?=/gi, (_, quoted: string) => unquote(quoted.replaceAll('_', ' ')));
  const raw = body.join('\r\n\r\n');
  const text = /transfer-encoding: base64/i.test(flat)
    ? Buffer.from(raw, 'base64').toString('utf8')
    : /transfer-encoding: quoted-printable/i.test(flat)
      ? unquote(raw.replace(/=\r\n/g, ''))
      : raw;
  const title = word(/^Subject: (.*)$/m.exec(flat)?.[1] ?? '').trim();
  return { title, text: text.replace(/\r\n/g, '\n').replace(/\n$/, '') };
}
const unquote = (text: string): string =>
  Buffer.from(
    text.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString('utf8');

async function byMail(): Promise<OpenedNotifier & { smtp: SmtpStandIn }> {
  const smtp = await startSmtp();
  const env = { MAIL_PASSWORD: smtp.password };
  return {
    smtp,
    notifier: open(
      {
        ...{ kind: 'email', host: '127.0.0.1', port: smtp.port, ca: smtp.ca, user: 'lab' },
        ...{
          password: { env: 'MAIL_PASSWORD' },
          from: 'lab@example.org',
          to: ['me@example.org', 'you@example.org'],
        },
      },
      env,
    ),
    received: () => smtp.mails.map(({ data }) => readMail(data)),
    fail(kind) {
      smtp.answer = { none: '250 taken', refused: '550 no', busy: '451 later' }[String(kind)] ?? '250 taken';
    },
    secrets: [smtp.password],
    close: () => smtp.close(),
  };
}
notifierContract('e-mail', byMail, ['refused', 'busy']);

/** A program that writes its standard input and arguments into a file, and ends as it is told. */
function program(folder: string, name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}
function byProgram(kind: 'command' | 'desktop'): OpenedNotifier {
  const folder = mkdtempSync(join(tmpdir(), 'ae-notifier-'));
  const [out, code] = [join(folder, 'out'), join(folder, 'code')];
  const keep = kind === 'command' ? 'cat' : 'printf "%s\\n%s" "$4" "$5"';
  const path = program(
    folder,
    'notify-send',
    `{ ${keep}; printf '\\036'; } >> '${out}'; exit "$(cat '${code}')"`,
  );
  const channel = kind === 'command' ? { kind, argv: [path, 'fixed'] } : { kind };
  return {
    notifier: open(channel, { PATH: `${folder}:${process.env.PATH}` }),
    received: () =>
      (existsSync(out) ? readFileSync(out, 'utf8').split('\x1e').slice(0, -1) : []).map((text) => {
        const plain = kind === 'command' ? text.replace(/\n$/, '') : text;
        const said = split(plain);
        const literal = said.text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
        return kind === 'command' ? said : { ...said, text: literal };
      }),
    fail: (failure) => writeFileSync(code, failure === 'none' ? '0' : '3'),
    secrets: [],
    close: () => rmSync(folder, { recursive: true }),
  };
}
notifierContract('command', async () => byProgram('command'), ['busy']);
notifierContract('desktop', async () => byProgram('desktop'), ['busy']);

describe('what a channel refuses', () => {
  const signal = new AbortController().signal;
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });
  const hook = (url: string) => open({ kind: 'webhook', url: { env: 'HOOK' } }, { HOOK: url });

  it('follows no redirect: nobody else gets the message', async () => {
    const [first, second] = [await startHttp(), await startHttp()];
    closers.push(first.close, second.close);
    first.answer = { status: 307, headers: { location: second.url } };
    await expect(hook(first.url).send(POST, signal)).rejects.toMatchObject({ final: true });
    expect(second.received).toEqual([]);
  });

  it('sends nothing unencrypted to another host, unless that is wanted', async () => {
    await expect(hook('http://hooks.example.org/hard-to-guess').send(POST, signal)).rejects.toMatchObject({
      final: true,
      message: expect.stringContaining('hooks.example.org is asked for without encryption'),
    });
    await expect(hook('ftp://127.0.0.1/x').send(POST, signal)).rejects.toMatchObject({ final: true });
    const mail = { kind: 'email', host: 'mail.example.org', security: 'none', from: 'a@b', to: 'c@d' };
    await expect(open(mail).send(POST, signal)).rejects.toMatchObject({ final: true });
  });

  it('reads the waiting time of Discord and Telegram out of their answers, and dates', async () => {
    const http = await startHttp();
    closers.push(http.close);
    http.answer = { status: 429, body: '{"ok":false,"parameters":{"retry_after":2.5}}' };
    await expect(hook(http.url).send(POST, signal)).rejects.toMatchObject({ retryAfter: 2500 });
    http.answer = { status: 503, headers: { 'retry-after': new Date(NOW + 60_000).toUTCString() } };
    await expect(hook(http.url).send(POST, signal)).rejects.toMatchObject({
      retryAfter: 60_000,
      final: false,
    });
  });

  it('tells a service that is not there from one that refuses', async () => {
    const http = await startHttp();
    await http.close();
    await expect(hook(http.url).send(POST, signal)).rejects.toMatchObject({
      final: false,
      message: `${http.host} cannot be reached (ECONNREFUSED)`,
    });
  });

  it('says in words which secret is not there', async () => {
    const channel = { kind: 'slack', url: { env: 'NOT_THERE' } };
    await expect(open(channel).send(POST, signal)).rejects.toThrow('the variable NOT_THERE is not set');
  });

  describe('mail', () => {
    const mailer = (smtp: SmtpStandIn, more: object, password = smtp.password) =>
      open(
        {
          ...{ kind: 'email', host: '127.0.0.1', port: smtp.port, user: 'lab', password: { env: 'PASS' } },
          ...{ from: 'lab@example.org', to: 'me@example.org', ...more },
        },
        { PASS: password },
      );

    it('goes out encrypted, with the login, and carries the same id for the same news', async () => {
      const { smtp, notifier, close } = await byMail();
      closers.push(close);
      await notifier.send({ ...POST, urgent: true }, signal);
      await notifier.send(POST, signal);
      const [first, second] = smtp.mails;
      expect(first).toMatchObject({
        encrypted: true,
        login: 'lab',
        to: ['me@example.org', 'you@example.org'],
      });
      const id = (data = ''): string | undefined => /^Message-ID: (.*)$/im.exec(data)?.[1];
      expect(id(first?.data)).toBe(id(second?.data));
      expect(first?.data).toMatch(/^Auto-Submitted: auto-generated\r$/im);
      expect(first?.data).toMatch(/^Importance: high\r$/im);
    });

    it('is not sent where encryption is not offered, nobody vouches for the server, or the password is wrong', async () => {
      const smtp = await startSmtp();
      closers.push(smtp.close);
      await expect(mailer(smtp, {}).send(POST, signal)).rejects.toMatchObject({ final: true });
      await expect(mailer(smtp, { ca: smtp.ca }, 'wrong').send(POST, signal)).rejects.toMatchObject({
        final: true,
      });
      await expect(mailer(smtp, { ca: '/nowhere/ca.pem' }).send(POST, signal)).rejects.toMatchObject({
        final: true,
      });
      smtp.starttls = false;
      await expect(mailer(smtp, { ca: smtp.ca }).send(POST, signal)).rejects.toMatchObject({ final: true });
      expect(smtp.mails).toEqual([]);
    });
  });

  describe('a command', () => {
    it('gets its own arguments and nothing of the news among them', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'ae-notifier-'));
      closers.push(() => rmSync(folder, { recursive: true }));
      const body = `printf '%s|' "$@" "$AUTO_EXPERIMENT_EVENT" "$AUTO_EXPERIMENT_RUN" "$AUTO_EXPERIMENT_ID" > ${folder}/out`;
      const argv = [program(folder, 'tell', body), '-x', 'a b'];
      await open({ kind: 'command', argv }).send(POST, signal);
      expect(readFileSync(join(folder, 'out'), 'utf8')).toBe(`-x|a b|confirmed_gain|exp003|${POST.id}|`);
    });

    it('is final where it is not there, and is ended after its time', async () => {
      await expect(
        open({ kind: 'command', argv: ['/nowhere/tell'] }).send(POST, signal),
      ).rejects.toMatchObject({
        final: true,
      });
      const slow = open({ kind: 'command', argv: ['sleep', '600'], timeout: 1 });
      await expect(slow.send(POST, signal)).rejects.toMatchObject({
        final: false,
        message: 'sleep did not end within 1 s',
      });
    });
  });
});
