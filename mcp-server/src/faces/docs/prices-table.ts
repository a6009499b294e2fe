import { PRICES } from '../../core/prices.js';

/** The built-in list prices as Markdown. */
export function pricesMarkdown(): string {
  const rows = Object.entries(PRICES).map(([name, { input, cached, cacheWrite, output, longFrom, long }]) => {
    const dearer =
      long === undefined || longFrom === undefined
        ? '–'
        : `over ${longFrom / 1000}k: ${usd(long.input)} / ${usd(long.output)}`;
    return `| \`${name}\` | ${usd(input)} | ${usd(cached)} | ${usd(cacheWrite)} | ${usd(output)} | ${dearer} |`;
  });
  const sources = [...new Set(Object.values(PRICES).map(({ source }) => source.replace(/gpt-.*$/, '')))];
  const days = [...new Set(Object.values(PRICES).map(({ seen }) => seen))];
  return [
    `Looked up on ${days.join(', ')}: ${sources.join(', ')}.`,
    '',
    '| model | input | from cache | into cache | output | long prompts, input / output |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

const usd = (value: number): string => `$${Number(value.toFixed(4))}`;
