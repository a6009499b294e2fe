import { clip, oneLine, plain } from '../text.js';
import { type Notice, type NotifyEvent, type Post, TEXT_CHARS, TITLE_CHARS } from './notice.js';

const URGENT: readonly NotifyEvent[] = ['needs_you', 'stuck', 'unreachable'];
/** What waited longest is least news: of more than this only the count is told. */
const MOST_LINES = 12;

/**
 * One message of the news that wait for a channel. Bounded, safe to print, and without secrets: `clean` takes them out.
 * `id` is the same for the same news.
 */
export function composePost(
  notices: readonly Notice[],
  about: { project: string; clean(text: string): string },
): Post {
  const [first] = notices;
  if (first === undefined) throw new Error('no news, no message');
  const last = notices.at(-1) ?? first;
  const line = (text: string): string => oneLine(about.clean(text));
  const name = clip(line(about.project), 40);
  const single = notices.length === 1;
  const title = single ? line(first.title) : `${notices.length} news, the last: ${line(last.title)}`;
  const shown = notices.slice(-MOST_LINES);
  const more = notices.length - shown.length;
  const lines = [
    ...(more > 0 ? [`… and ${more} before these`] : []),
    ...shown.map((one) => `${timeOf(one.at)} ${clip(line(one.title), 110)}`),
  ];
  return {
    id: single ? first.key : `${first.key}+${notices.length - 1}:${last.key}`,
    project: name,
    events: [...new Set(notices.map((one) => one.event))],
    run: single ? first.run : null,
    title: clip(`${name}: ${title}`, TITLE_CHARS),
    text: clip(single ? plain(about.clean(first.text)) : lines.join('\n'), TEXT_CHARS),
    at: last.at,
    urgent: notices.some((one) => URGENT.includes(one.event)),
  };
}

const timeOf = (at: string): string => `${at.slice(11, 16)} UTC`;
