// Writes core/paper/background.ts from document frequencies: node scripts/paper-background.mjs FILE.tsv
// FILE: first line the number of documents, then `stem<TAB>documents`. Stems are those of core/paper/stem.ts.
import { readFileSync, writeFileSync } from 'node:fs';

/** Rarer stems all weigh the same: on the graded queries the rest of the table changed nothing (0.1 points). */
const LEAST = 100;
/** Weights are kept in steps of this many nats. */
const STEP = 0.25;

const [total, ...rows] = readFileSync(process.argv[2], 'utf8').trim().split('\n');
const documents = Number(total);
const levels = new Map();
for (const row of rows) {
  const [stem, count] = row.split('\t');
  if (Number(count) < LEAST || !/^[a-z]{2,}$/.test(stem)) continue;
  const level = Math.round(Math.log(documents / Number(count)) / STEP);
  levels.set(level, [...(levels.get(level) ?? []), stem]);
}
const lines = [...levels]
  .sort(([a], [b]) => a - b)
  .map(([level, stems]) => `  [${level}, '${stems.sort().join(' ')}'],`);
writeFileSync(
  'mcp-server/src/core/paper/background.ts',
  `/**
 * In how many of ${documents} titles and abstracts of machine learning papers (conferences of 2013 to 2026) a stem occurs, as
 * ln(documents / count) in steps of ${STEP}; stems in fewer than ${LEAST} are left out. Counts only, no text of any paper. Written by
 * scripts/paper-background.mjs from counts over public lists of conference papers; the counts can be made again from any
 * large set of abstracts, for instance arXiv's metadata (CC0).
 */
const LEVELS: readonly (readonly [level: number, stems: string])[] = [
${lines.join('\n')}
];

const WEIGHTS: ReadonlyMap<string, number> = new Map(
  LEVELS.flatMap(([level, stems]) => stems.split(' ').map((stem) => [stem, level * ${STEP}] as const)),
);

/** Of a stem that occurs in fewer than ${LEAST} of the documents. */
const RARE = Math.log(${documents} / ${LEAST / 2});

/** How rare a stem is in the literature: ln(documents / documents with it), in nats. */
export function backgroundWeight(stem: string): number {
  return WEIGHTS.get(stem) ?? RARE;
}
`,
);
