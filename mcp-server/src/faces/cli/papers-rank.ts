import { text as readAll } from 'node:stream/consumers';
import { z } from 'zod';
import { LabError } from '../../core/errors.js';
import { indexPapers } from '../../core/paper/rank.js';
import type { Console } from '../command.js';
import { outJson } from './shared.js';

const Text = z.object({
  title: z.string().default(''),
  abstract: z
    .string()
    .nullish()
    .transform((abstract) => abstract ?? ''),
});
const Asked = z.object({
  query: Text,
  papers: z.array(Text.extend({ id: z.union([z.string(), z.number()]).transform(String) })).max(100_000),
});

const HINT =
  'standard input takes {"query":{"title","abstract"},"papers":[{"id","title","abstract"}]}; further keys are ignored';

/** `papers rank`: the ranker alone, standard input to standard output. Equal scores keep the order they came in. */
export async function rankStdin(console: Console): Promise<number> {
  const { query, papers } = parse(await readAll(process.stdin));
  const scores = indexPapers(papers).score(query);
  const ranked = papers
    .map(({ id }, i) => ({ id, score: scores[i] ?? 0 }))
    .sort((a, b) => b.score - a.score)
    .map(({ id, score }) => ({ id, score: Number(score.toFixed(6)) }));
  outJson(console, { ranked });
  return 0;
}

function parse(input: string): z.output<typeof Asked> {
  let data: unknown;
  try {
    data = JSON.parse(input);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new LabError(`standard input is no JSON: ${error.message}`, HINT, { cause: error });
  }
  const asked = Asked.safeParse(data);
  if (asked.success) return asked.data;
  const [issue] = asked.error.issues;
  throw new LabError(`standard input: "${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'wrong'}`, HINT);
}
