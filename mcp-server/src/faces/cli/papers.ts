import { type Command, UsageError } from '../command.js';
import { rankStdin } from './papers-rank.js';

export const command: Command = {
  name: 'papers',
  summary: 'Literature: search venues and arXiv, the digest of new papers, one paper, and the ranker alone.',
  usage: 'papers rank',
  flags: {},
  json: true,
  project: true,
  words: 2,
  async run(console, args) {
    const [verb] = args.words;
    if (verb === 'rank') return rankStdin(console);
    throw new UsageError('papers takes rank');
  },
};
