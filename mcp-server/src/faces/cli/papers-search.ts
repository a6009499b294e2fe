import { exportPapers } from '../../core/paper/exports/index.js';
import { renderCards } from '../../engine/papers/card.js';
import { searchPapers } from '../../engine/papers/search.js';
import { type Console, type Parsed, UsageError } from '../command.js';
import { wholeNumber } from '../flags.js';
import { formatOf } from './papers-format.js';
import { labOf, outJson } from './shared.js';

const SORTS = ['relevance', 'citations', 'date'] as const;

/** `papers search`. Exit code 1 when no source could answer. */
export async function searchCommand(console: Console, args: Parsed): Promise<number> {
  const query = args.values.query ?? args.words.slice(1).join(' ');
  if (query.trim() === '')
    throw new UsageError('what to search for? usage: auto-experiment papers search --query WORDS');
  const sort = SORTS.find((one) => one === (args.values.sort ?? 'relevance'));
  if (sort === undefined) throw new UsageError(`--sort takes ${SORTS.join(', ')}, not "${args.values.sort}"`);
  const format = formatOf(args);
  const lab = labOf(console, args);
  const request = {
    query,
    venue: args.values.venue,
    year: wholeNumber(args, 'year', 1980),
    limit: Math.min(100, wholeNumber(args, 'limit', 1) ?? 10),
    sort,
  };
  const { answer, papers } = await searchPapers(
    lab,
    lab.open().config.papers.contact,
    request,
    console.signal,
  );
  if (format !== undefined) {
    console.err(`${answer.message}\n`);
    console.out(exportPapers(format, papers));
  } else if (args.switches.json === true) outJson(console, answer);
  else {
    console.out(
      `${[answer.message, renderCards(answer.papers)].filter((part) => part !== '').join('\n\n')}\n`,
    );
    for (const note of answer.notes) console.err(`note: ${note}\n`);
  }
  return answer.status === 'unavailable' ? 1 : 0;
}
