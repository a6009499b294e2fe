import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LedgerRecord } from '../../mcp-server/src/core/ledger.js';
import { composePost } from '../../mcp-server/src/core/notify/compose.js';
import { noticesOf } from '../../mcp-server/src/core/notify/from-ledger.js';
import { type Notice, type Post, SendError } from '../../mcp-server/src/core/notify/notice.js';
import { deliverDue } from '../../mcp-server/src/engine/herald/deliver.js';
import { collect } from '../../mcp-server/src/engine/herald/herald.js';
import { createHeralding } from '../../mcp-server/src/engine/herald/heralding.js';
import { notify, targetsFor } from '../../mcp-server/src/engine/herald/wake.js';
import { appendLedger } from '../../mcp-server/src/store/ledger.js';
import { readOutbox } from '../../mcp-server/src/store/outbox.js';
import { ensureWorkspace, openProject, type Project } from '../../mcp-server/src/store/project.js';
import { ledgerEnd, ledgerLaunch, ledgerVerdict } from '../support/ledger.js';

const SECRET = 'wandb-local-1234567890';
const START = Date.parse('2026-03-04T00:00:00Z');

let root: string;
let now: number;
let spawned: number;
let sent: { channel: string; post: Post; at: number }[];
/** What the services of each channel do next; nothing = all is well. */
let mood: Record<string, (() => Promise<void>)[]>;
let project: Project;

const env = () => ({ HOME: root, AUTO_EXPERIMENT_CONFIG_DIR: join(root, 'config'), WANDB_API_KEY: SECRET });
const lab = () => ({
  clock: () => now,
  random: () => 0.5,
  env: env(),
  spawnHerald: () => {
    spawned += 1;
  },
  notifier: async (channel: { kind: string }) => ({
    async send(post: Post): Promise<void> {
      const next = mood[channel.kind]?.shift();
      if (next !== undefined) await next();
      sent.push({ channel: channel.kind, post, at: now });
    },
  }),
});

function channels(text: string): void {
  mkdirSync(join(root, 'config'), { recursive: true });
  writeFileSync(join(root, 'config/notify.yaml'), text, { mode: 0o600 });
}
const TWO =
  'channels: {bell: {kind: desktop}, hook: {kind: webhook, url: "https://hooks.example.org/hard-to-guess"}}\n';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ae-notify-'));
  [now, spawned, sent, mood] = [START, 0, [], {}];
  writeFileSync(join(root, 'PROJECT_BRIEF.md'), 'Improve it.\n');
  writeFileSync(join(root, 'config.yaml'), 'project: {name: digits}\n');
  project = openProject(root);
  ensureWorkspace(project.paths);
  channels(TWO);
});
afterEach(() => rmSync(root, { recursive: true }));

const targets = () => targetsFor(lab(), project).targets;
const signal = new AbortController().signal;
const deliver = () => deliverDue(lab(), project, targets(), signal);
const tell = (key: string, more: Partial<Parameters<typeof notify>[2]> = {}) =>
  notify(lab(), project, { event: 'needs_you', key, title: `about ${key}`, ...more });
const fails = (how: { final: boolean; retryAfter?: number }) => async () => {
  throw new SendError(`hooks.example.org/hard-to-guess said no to ${SECRET}`, how);
};

describe('telling', () => {
  it('writes nothing and starts nobody where the user has no channel for it', async () => {
    channels('channels: {}\n');
    await tell('a');
    rmSync(join(root, 'config'), { recursive: true });
    await tell('b');
    expect(existsSync(project.paths.notifications)).toBe(false);
    expect(spawned).toBe(0);
  });

  it('tells the same event with the same key once, on every channel, whoever asks', async () => {
    await tell('a');
    await tell('a');
    await tell('a', { event: 'stuck' });
    expect(spawned).toBe(3);
    expect(await deliver()).toBe(null);
    expect(sent.map(({ channel, post }) => [channel, post.events])).toEqual([
      ['desktop', ['needs_you', 'stuck']],
      ['webhook', ['needs_you', 'stuck']],
    ]);
    await tell('a');
    now += 3_600_000;
    expect(await deliver()).toBe(null);
    expect(sent).toHaveLength(2);
  });

  it('carries no secret and no control character, and stays short', async () => {
    await tell('a', { title: `key ${SECRET} \u001b[31mred\nsecond`, text: `${'x'.repeat(5000)} ${SECRET}` });
    await deliver();
    const { title, text } = sent[0]?.post ?? { title: '', text: '' };
    expect(title).toBe('digits: key [redacted] red second');
    expect(text.length).toBeLessThanOrEqual(1500);
    expect(JSON.stringify(sent)).not.toContain(SECRET);
  });
});

describe('delivering', () => {
  it('tries again with growing pauses, gives up in the end, and says what was wrong without a secret', async () => {
    mood.webhook = Array.from({ length: 20 }, () => fails({ final: false }));
    await tell('a');
    const tries: number[] = [];
    for (let due: number | null = now; due !== null; ) {
      now = due;
      tries.push((now - START) / 1000);
      due = await deliver();
    }
    expect(tries).toEqual([0, 5, 20, 80, 260, 860, 2660, 4460]);
    expect(sent.map(({ channel }) => channel)).toEqual(['desktop']);
    const { failure, done } = readOutbox(project.paths.notifications).channels.get('hook') ?? {};
    expect([...(done ?? [])]).toEqual(['needs_you:a']);
    expect(failure).toBe('hooks.example.org[redacted] said no to [redacted]');
  });

  it('waits as long as the service asks for, an hour at most', async () => {
    mood.webhook = [fails({ final: false, retryAfter: 90_000 }), fails({ final: false, retryAfter: 1e9 })];
    await tell('a');
    expect(await deliver()).toBe(START + 90_000);
    now += 60_000;
    expect(await deliver()).toBe(START + 90_000);
    now = START + 90_000;
    expect(await deliver()).toBe(START + 90_000 + 3_600_000);
    now = START + 90_000 + 3_600_000;
    expect(await deliver()).toBe(null);
    expect(sent.map(({ channel }) => channel)).toEqual(['desktop', 'webhook']);
  });

  it('does not send again what was refused for good, but sends what comes later', async () => {
    mood.webhook = [fails({ final: true })];
    await tell('a');
    expect(await deliver()).toBe(null);
    now += 60_000;
    await tell('b');
    await deliver();
    expect(sent.filter(({ channel }) => channel === 'webhook').map(({ post }) => post.id)).toEqual([
      'needs_you:b',
    ]);
  });

  it('a process killed while it sends loses nothing; what is sent again has the same id', async () => {
    const abort = new AbortController();
    mood.webhook = [
      async () => {
        abort.abort();
        throw new Error('killed');
      },
    ];
    await tell('a');
    await deliverDue(lab(), project, targets(), abort.signal);
    expect(await deliver()).toBe(null);
    expect(new Set(sent.map(({ post }) => post.id))).toEqual(new Set(['needs_you:a']));
    expect(sent.filter(({ channel }) => channel === 'webhook')).toHaveLength(1);
  });

  it('a channel that hangs holds up no other one', async () => {
    let release = (): void => {};
    mood.desktop = [
      () =>
        new Promise<void>((done) => {
          release = done;
        }),
    ];
    await tell('a');
    const delivering = deliver();
    while (sent.length === 0) await new Promise(setImmediate);
    expect(sent.map(({ channel }) => channel)).toEqual(['webhook']);
    release();
    await delivering;
    expect(sent).toHaveLength(2);
  });

  it('tells together what happens together, and seldom when much happens', async () => {
    channels('channels: {bell: {kind: desktop}}\n');
    const perHour: number[] = [];
    for (let second = 0; second < 2 * 3600; second++) {
      now = START + second * 1000;
      if (second % 20 === 0) await tell(`news ${second}`);
      const before = sent.length;
      await deliver();
      if (sent.length > before)
        perHour[Math.floor(second / 3600)] = (perHour[Math.floor(second / 3600)] ?? 0) + 1;
    }
    expect(perHour[0]).toBeLessThanOrEqual(10 + 12);
    expect(perHour[1]).toBeLessThanOrEqual(22);
    const told = sent.flatMap(({ post }) => post.text.match(/about news \d+/g) ?? [post.title]).length;
    const counted = sent.map(({ post }) => Number(/and (\d+) before/.exec(post.text)?.[1] ?? 0));
    const waiting = 360 - told - counted.reduce((sum, count) => sum + count, 0);
    expect(waiting).toBeLessThanOrEqual(15);
  });

  it('leaves out news of more than a day ago', async () => {
    await tell('old');
    now += 25 * 3_600_000;
    await tell('new');
    await deliver();
    expect(sent.map(({ post }) => post.id)).toEqual(['needs_you:new', 'needs_you:new']);
  });
});

describe('the user’s channels and the project', () => {
  const use = (config: string) => {
    writeFileSync(join(root, 'config.yaml'), config);
    project = openProject(root);
    return targetsFor(lab(), project);
  };

  it('a project chooses among the user’s channels, with its events, and can bring none', () => {
    const { targets: chosen, unknown } = use('notify: [bell, {channel: hook, events: [stuck]}, stranger]\n');
    expect(chosen.map(({ name, events }) => [name, events.length])).toEqual([
      ['bell', 7],
      ['hook', 1],
    ]);
    expect(unknown).toEqual(['stranger']);
    expect(use('notify: []\n').targets).toEqual([]);
    expect(use('project: {name: x}\n').targets.map(({ name }) => name)).toEqual(['bell', 'hook']);
    for (const bad of [
      '[{kind: command, argv: [rm]}]',
      '[{channel: bell, argv: [rm]}]',
      '[https://a.example]',
    ])
      expect(() => use(`notify: ${bad}\n`)).toThrow(/config\.yaml/);
  });

  it('without monitor.notify_on_complete the end of a run is no news', () => {
    const { targets: chosen } = use('monitor: {notify_on_complete: false}\n');
    expect(chosen.every(({ events }) => !events.includes('ended') && events.includes('confirmed_gain'))).toBe(
      true,
    );
  });

  it('a file that holds a secret and that others may read is refused in words', () => {
    chmodSync(join(root, 'config/notify.yaml'), 0o644);
    expect(() => targets()).toThrow(/holds a secret of the channel "hook" and may be read by others/);
    channels('channels: {hook: {kind: slack, url: {env: SLACK}}}\n');
    chmodSync(join(root, 'config/notify.yaml'), 0o644);
    expect(targets()).toHaveLength(1);
    channels('channels: {hook: {kind: carrier-pigeon}}\n');
    expect(() => targets()).toThrow(/notify\.yaml/);
  });
});

describe('news of the ledger', () => {
  const at = (minute: number): string => new Date(START + minute * 60_000).toISOString();
  const keys = (records: LedgerRecord[], budgets = {}) => noticesOf(records, budgets).map(({ key }) => key);
  const candidate = (number: number, end: object = {}, verdict: object = {}): LedgerRecord[] => [
    ledgerLaunch(number, { at: at(number) }),
    ledgerEnd(number, { at: at(number), ...end }),
    ledgerVerdict(number, { at: at(number), ...verdict }),
  ];

  it('tells ends, confirmed gains, what a person must look at, and the end of the campaign', () => {
    const records: LedgerRecord[] = [
      ...candidate(1, {}, { status: null, kept: false }),
      ...candidate(2, {}, { status: 'confirmed', kept: true, gain: 0.02, interval: [0.01, 0.03], seeds: 6 }),
      ...candidate(3, {}, { status: 'invalid', reason: 'a locked file changed: eval.py' }),
      ...candidate(4, {}, { status: 'rejected', flags: ['too fast'] }),
      { kind: 'withdraw', at: at(5), run: 'exp002', to: 'exp001', reason: 'failed its test' },
      { kind: 'stop', at: at(6), reason: 'target reached', cycle: 4 },
    ];
    expect(keys(records)).toEqual([
      ...['ended:exp001', 'ended:exp002', 'confirmed_gain:exp002', 'ended:exp003', 'needs_you:look:exp003'],
      ...['ended:exp004', 'needs_you:withdrawn:exp002', `campaign_ended:${at(6)}`],
    ]);
    const [, , gain] = noticesOf(records, {});
    expect(gain).toMatchObject({
      title: 'exp002 is better, confirmed: +0.02 val_acc',
      text: 'try 2\nval_acc 0.5 (95 %: +0.01 to +0.03), on 6 fresh seeds',
    });
  });

  it('the ends of further seeds are no news, but their failures count', () => {
    const seed = { replicate: { arm: 'exp001', kind: 'baseline' } } as const;
    const bad = { ending: 'oom' } as const;
    const records = [1, 2, 3, 4].flatMap((number) => [
      ledgerLaunch(number, number > 1 ? seed : {}),
      ledgerEnd(number, number > 1 ? bad : {}),
    ]);
    expect(keys(records)).toEqual(['ended:exp001', 'needs_you:broken:exp004']);
  });

  it('ten candidates without a new best are stuck, and then every ten more', () => {
    const dry = Array.from({ length: 25 }, (_, i) => candidate(i + 2, {}, { status: 'rejected' })).flat();
    const stuck = keys([...candidate(1, {}, { status: null }), ...dry]).filter((key) =>
      key.startsWith('stuck'),
    );
    expect(stuck).toEqual(['stuck:exp011', 'stuck:exp021']);
  });

  it('a budget that is used up is told once', () => {
    const records = [1, 2, 3].flatMap((number) => candidate(number, { gpu_hours: 2 }));
    const told = keys(records, { runs: 2, gpu_hours: 4 }).filter((key) => key.startsWith('budget'));
    expect(told).toEqual(['budget:runs:2', 'budget:gpu_hours:4']);
  });

  it('goes into the outbox once, however often it is looked at, and not from long before the channel was there', () => {
    for (const record of candidate(1)) appendLedger(project.paths.ledger, { ...record, at: at(-30) });
    for (const record of candidate(2)) appendLedger(project.paths.ledger, record);
    collect(lab(), project);
    collect(lab(), project);
    for (const record of candidate(3)) appendLedger(project.paths.ledger, record);
    collect(lab(), project);
    expect([...readOutbox(project.paths.notifications).notices.keys()]).toEqual([
      'ended:exp002',
      'ended:exp003',
    ]);
  });
});

describe('one message of several', () => {
  const news = (event: Notice['event'], number: number): Notice => ({
    ...{ key: `${event}:${number}`, at: new Date(START + number * 60_000).toISOString(), event, run: null },
    ...{ title: `${event} ${number}`, text: 'first\nsecond' },
  });
  const clean = (text: string): string => text;

  it('begins with what a person is waited for', () => {
    const post = composePost([news('ended', 1), news('needs_you', 2), news('ended', 3)], {
      project: 'p',
      clean,
    });
    expect(post).toMatchObject({ title: 'p: needs_you 2 (and 2 more)', urgent: true, run: null });
    expect(post.text).toBe(
      '00:01 UTC ended 1: first · second\n00:02 UTC needs_you 2: first · second\n00:03 UTC ended 3: first · second',
    );
  });

  it('stays short whatever waits', () => {
    const post = composePost(
      Array.from({ length: 5000 }, (_, i) => ({
        ...news('ended', i),
        title: '長'.repeat(300),
        text: 'x'.repeat(3000),
      })),
      { project: 'y'.repeat(500), clean },
    );
    expect(post.title.length).toBeLessThanOrEqual(120);
    expect(post.text.length).toBeLessThanOrEqual(1500);
    expect(post.text).toContain('… and 4988 before these');
    expect(post.urgent).toBe(false);
  });
});

describe('what the supervisor does for it', () => {
  it('starts a herald when the ledger has grown, at most once a second, and at its own end', async () => {
    const heralding = createHeralding(lab(), project);
    await heralding.step(project.config);
    await heralding.step(project.config);
    expect(spawned).toBe(1);
    appendLedger(project.paths.ledger, ledgerLaunch(1));
    await heralding.step(project.config);
    expect(spawned).toBe(1);
    now += 1000;
    await heralding.step(project.config);
    expect(spawned).toBe(2);
    appendLedger(project.paths.ledger, ledgerEnd(1));
    await heralding.step(project.config, true);
    expect(spawned).toBe(3);
  });

  it('tells of a machine that is away for five minutes, once a day', async () => {
    const heralding = createHeralding(lab(), project);
    const run = { id: 'exp001', place: { host: 'gpu1' } } as Parameters<typeof heralding.reach>[1];
    const away = async (minutes: number, why: string | null) => {
      now = START + minutes * 60_000;
      await heralding.reach(project.config, run, why);
    };
    for (const minute of [0, 4]) await away(minute, 'connection refused');
    await away(4.5, null);
    for (const minute of [5, 9, 10, 11, 60]) await away(minute, 'connection refused');
    const told = [...readOutbox(project.paths.notifications).notices.values()];
    expect(told.map(({ key, title, text }) => [key, title, text])).toEqual([
      ['unreachable:gpu1:2026-03-04', 'gpu1 cannot be reached for 5 minutes', 'connection refused'],
    ]);
  });
});
