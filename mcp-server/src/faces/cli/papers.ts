import { nearest } from '../../core/text.js';
import { type Command, type Console, type Parsed, UsageError } from '../command.js';
import { digestCommand } from './papers-digest.js';
import { rankStdin } from './papers-rank.js';
import { searchCommand } from './papers-search.js';
import { showCommand } from './papers-show.js';

const VERBS: Record<string, (console: Console, args: Parsed) => Promise<number>> = {
  search: searchCommand,
  digest: digestCommand,
  show: showCommand,
  rank: rankStdin,
};

export const command: Command = {
  name: 'papers',
  summary:
    'Literature: search (venues, arXiv), digest (new on arXiv, for cron: --quiet), show ID (one paper), rank (the ranker alone).',
  usage:
    'papers search --query WORDS [--venue CVPR2025] | papers digest | papers show ID | papers rank [--json]',
  flags: {
    query: { kind: 'value', value: 'WORDS', help: 'search: what for. Words after `search` do as well.' },
    venue: {
      kind: 'value',
      value: 'NAME',
      help: 'search: among the accepted papers of a venue, e.g. CVPR2025.',
    },
    year: { kind: 'value', value: 'YEAR', help: 'search: the year of the venue, or of the papers.' },
    limit: { kind: 'value', value: 'N', help: 'search: papers shown; default 10, at most 100.' },
    sort: { kind: 'value', value: 'KEY', help: 'search: relevance (default), citations or date.' },
    topics: { kind: 'values', value: 'A,B', help: 'digest: phrases in place of papers.topics.' },
    categories: { kind: 'values', value: 'cs.LG,…', help: 'digest: in place of papers.categories.' },
    replacements: { kind: 'switch', help: 'digest: new versions of older papers too.' },
    quiet: { kind: 'switch', help: 'digest: print only the path of a new file, and errors.' },
    full: { kind: 'switch', help: 'show: outline and figures of the text; unpacks the source.' },
    section: { kind: 'value', value: 'N|TITLE|all', help: 'show: the text of a section.' },
    format: {
      kind: 'value',
      value: 'NAME',
      help: 'search, show: bibtex, ris, csl-json, markdown or json on standard output.',
    },
  },
  json: true,
  project: true,
  words: 40,
  async run(console, args) {
    const [verb = ''] = args.words;
    const run = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (run !== undefined) return run(console, args);
    const close = nearest(verb, Object.keys(VERBS));
    throw new UsageError(
      `papers takes ${Object.keys(VERBS).join(', ')}${verb === '' ? '' : `, not "${verb}"`}${close === undefined ? '' : `; did you mean ${close}?`}`,
    );
  },
};
