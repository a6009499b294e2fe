import { errorText, LabError } from '../../core/errors.js';
import type { Channel } from '../../core/notify/channel.js';
import { textTable } from '../../core/table.js';
import { sendTest } from '../../engine/herald/deliver.js';
import { targetsFor } from '../../engine/herald/wake.js';
import { notifyFilePath, readNotifyFile } from '../../store/notify-file.js';
import { noHistory, readOutbox, waitingFor } from '../../store/outbox.js';
import { type Command, UsageError } from '../command.js';
import { labOf, outJson } from './shared.js';

export const command: Command = {
  name: 'notify',
  summary: 'Where the news of this project go; with --test, send a message to see that they arrive.',
  usage: 'notify [--test] [CHANNEL…] [--project DIR] [--json]',
  flags: {
    test: { kind: 'switch', help: 'Send a test message now, to these channels or to all of the project.' },
  },
  json: true,
  project: true,
  words: 20,
  async run(console, args) {
    const lab = labOf(console, args);
    const project = lab.open();
    const file = readNotifyFile(lab.env);
    if (file === null)
      throw new LabError(
        `there are no channels: ${notifyFilePath(lab.env)} is not there`,
        'write it; docs/notifications.md shows every kind, for instance: channels: {phone: {kind: ntfy, topic: {env: NTFY_TOPIC}}}',
      );
    const { targets, unknown } = targetsFor(lab, project);
    const named = args.words.map((name) => {
      const channel = Object.hasOwn(file.channels, name) ? file.channels[name] : undefined;
      if (channel === undefined)
        throw new UsageError(
          `there is no channel "${name}"; yours: ${Object.keys(file.channels).join(', ') || 'none'}`,
        );
      return targets.find((target) => target.name === name) ?? { name, channel, events: [] };
    });
    const shown = named.length > 0 ? named : targets;
    for (const name of unknown)
      console.err(`note: the project’s config names the channel "${name}"; you have none of that name\n`);
    if (args.switches.test !== true) {
      const outbox = readOutbox(project.paths.notifications);
      const rows = shown.map(({ name, channel, events }) => {
        const { sentAt, failure } = outbox.channels.get(name) ?? noHistory();
        const last = sentAt.at(-1);
        return {
          channel: name,
          kind: channel.kind,
          to: whereOf(channel),
          events: [...events],
          last_sent: last === undefined ? null : new Date(last).toISOString(),
          waiting: waitingFor(outbox, name, events, lab.clock()).length,
          failure,
        };
      });
      if (args.switches.json === true)
        outJson(console, { file: notifyFilePath(lab.env), channels: rows, unknown });
      else console.out(`${listing(rows, console.terminal ? console.width : 120)}\n`);
      return 0;
    }
    if (shown.length === 0)
      throw new LabError(
        'no channel is named for this project',
        'name one: auto-experiment notify --test CHANNEL',
      );
    const results = await Promise.all(
      shown.map(async (target) => {
        try {
          await sendTest(lab, project, target, console.signal);
          return { channel: target.name, ok: true, error: null, hint: null };
        } catch (error) {
          const hint = error instanceof LabError ? error.hint : null;
          return { channel: target.name, ok: false, error: errorText(error), hint };
        }
      }),
    );
    if (args.switches.json === true) outJson(console, { results });
    else
      for (const { channel, ok, error, hint } of results)
        console.out(
          `${channel}: ${ok ? 'sent' : `not sent: ${error}${hint === null ? '' : `\n  → ${hint}`}`}\n`,
        );
    return results.every(({ ok }) => ok) ? 0 : 1;
  },
};

/** Where it goes, without anything that is secret. */
function whereOf(channel: Channel): string {
  switch (channel.kind) {
    case 'ntfy':
    case 'telegram':
      return new URL(channel.server).host;
    case 'email':
      return `${channel.to.join(', ')} by ${channel.host}:${channel.port}`;
    case 'command':
      return channel.argv[0] ?? '';
    case 'desktop':
      return 'notify-send';
    case 'slack':
    case 'discord':
    case 'webhook':
      return typeof channel.url === 'string'
        ? 'an address in your file'
        : 'env' in channel.url
          ? `the address in ${channel.url.env}`
          : `the address in ${channel.url.file}`;
  }
}

function listing(
  rows: readonly {
    channel: string;
    kind: string;
    to: string;
    events: string[];
    last_sent: string | null;
    waiting: number;
    failure: string | null;
  }[],
  width: number,
): string {
  if (rows.length === 0) return 'no channel is used for this project';
  const table = textTable(
    rows.map((row) => [
      row.channel,
      row.kind,
      row.last_sent?.slice(0, 16).replace('T', ' ') ?? 'never',
      String(row.waiting),
      row.to,
      row.events.join(' '),
    ]),
    [
      { header: 'channel' },
      { header: 'kind' },
      { header: 'last sent' },
      { header: 'waiting', align: 'right' },
      { header: 'to', flexible: true },
      { header: 'events', flexible: true },
    ],
    width,
  );
  const failures = rows.flatMap(({ channel, failure }) =>
    failure === null ? [] : [`${channel}: the last try failed: ${failure}`],
  );
  return [table, ...failures].join('\n');
}
