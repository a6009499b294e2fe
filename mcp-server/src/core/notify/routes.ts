import type { Channel, NotifyFile, Route } from './channel.js';
import { NotifyEvent } from './notice.js';

/** A channel that news of a project go to. */
export interface Target {
  name: string;
  channel: Channel;
  events: readonly NotifyEvent[];
}

/**
 * Where the news of a project go. The project chooses among the user's channels by name and can bring none of its own; a
 * name that this user has not is told in words. `onComplete` false: ends of runs are not news.
 */
export function targetsOf(
  file: NotifyFile | null,
  wanted: readonly Route[] | undefined,
  onComplete: boolean,
): { targets: Target[]; unknown: string[] } {
  const channels = file?.channels ?? {};
  const all = Object.keys(channels).map((channel): Route => ({ channel, events: [...NotifyEvent.options] }));
  const routes = wanted ?? file?.use ?? all;
  const targets = new Map<string, Target>();
  const unknown: string[] = [];
  for (const { channel: name, events } of routes) {
    const channel = Object.hasOwn(channels, name) ? channels[name] : undefined;
    if (channel === undefined) {
      unknown.push(name);
      continue;
    }
    const known = targets.get(name)?.events ?? [];
    const told = [...new Set([...known, ...events])].filter((event) => onComplete || event !== 'ended');
    targets.set(name, { name, channel, events: told });
  }
  return { targets: [...targets.values()], unknown: [...new Set(unknown)] };
}
