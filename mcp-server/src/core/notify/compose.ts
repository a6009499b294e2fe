import { clip, oneLine, plain } from '../text.js';
import { type Notice, type NotifyEvent, type Post, TEXT_CHARS, TITLE_CHARS } from './notice.js';

/** What a person wants to know first. The first three are waited for. */
const WEIGHT: readonly NotifyEvent[] = [
  'needs_you',
  'unreachable',
  'stuck',
  'campaign_ended',
  'confirmed_gain',
  'budget',
  'ended',
];
const URGENT = WEIGHT.slice(0, 3);
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
  const events = WEIGHT.filter((event) => notices.some((one) => one.event === event));
  const base = { project: name, events, at: last.at, urgent: events.some((event) => URGENT.includes(event)) };
  if (notices.length === 1)
    return {
      ...base,
      id: first.key,
      run: first.run,
      title: clip(`${name}: ${line(first.title)}`, TITLE_CHARS),
      text: clip(plain(about.clean(first.text)), TEXT_CHARS),
    };
  const main = notices.findLast((one) => one.event === events[0]) ?? last;
  const rest = ` (and ${notices.length - 1} more)`;
  const more = notices.length - MOST_LINES;
  const lines = [
    ...(more > 0 ? [`… and ${more} before these`] : []),
    ...notices.slice(-MOST_LINES).map((one) => {
      const details = one.text === '' ? '' : `: ${line(one.text.replaceAll('\n', ' · '))}`;
      return clip(`${one.at.slice(11, 16)} UTC ${line(one.title)}${details}`, 160);
    }),
  ];
  return {
    ...base,
    id: `${first.key}+${notices.length - 1}:${last.key}`,
    run: null,
    title: `${clip(`${name}: ${line(main.title)}`, TITLE_CHARS - rest.length)}${rest}`,
    text: clip(lines.join('\n'), TEXT_CHARS),
  };
}
