// The paper ranker beside MiniSearch's defaults on graded queries: npm run bench:ranking -- FOLDER [--queries FILE]
// FOLDER holds docs.json [{id,title,abstract}] and queries.json [{qid,pid,rel:{id:grade}}]: CSFCube (CC BY-NC, not ours to ship).
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import MiniSearch from 'minisearch';

const args = process.argv.slice(2);
const at = args.indexOf('--queries');
const [, file] = at < 0 ? [] : args.splice(at, 2);
const [folder] = args;
if (folder === undefined) {
  process.stderr.write('usage: npm run bench:ranking -- FOLDER [--queries FILE]\n');
  process.exit(2);
}
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const docs = new Map(read(join(folder, 'docs.json')).map((doc) => [doc.id, doc]));
const queries = read(file ?? join(folder, 'queries.json'));

const temp = mkdtempSync(join(tmpdir(), 'ae-ranking-'));
const outfile = join(temp, 'rank.mjs');
await build({
  entryPoints: ['mcp-server/src/core/paper/rank.ts'],
  outfile,
  bundle: true,
  format: 'esm',
  logLevel: 'error',
});
const { indexPapers } = await import(pathToFileURL(outfile).href);
rmSync(temp, { recursive: true });

const rankers = {
  'auto-experiment': (query, papers) => indexPapers(papers).score(query),
  'MiniSearch 7.2, defaults': (query, papers) => {
    const index = new MiniSearch({ fields: ['title', 'abstract'] });
    index.addAll(papers);
    const found = new Map(
      index.search(`${query.title} ${query.abstract}`).map(({ id, score }) => [id, score]),
    );
    return papers.map(({ id }) => found.get(id) ?? 0);
  },
  'order as given': (_, papers) => papers.map(() => 0),
};

/** CSFCube's own measures: nDCG over the first 20 % of the pool; a grade from 2 on is relevant to MAP. */
function measure(grades) {
  const cut = Math.floor(0.2 * grades.length);
  const gain = (list) =>
    list.slice(0, cut).reduce((sum, grade, i) => sum + (i === 0 ? grade : grade / Math.log2(i + 1)), 0);
  const ideal = gain([...grades].sort((a, b) => b - a));
  let hits = 0;
  let precision = 0;
  for (const [i, grade] of grades.entries()) if (grade >= 2) precision += ++hits / (i + 1);
  return [ideal > 0 ? gain(grades) / ideal : 0, hits > 0 ? precision / hits : 0];
}

console.log(`${queries.length} queries                nDCG%20    MAP`);
for (const [name, rank] of Object.entries(rankers)) {
  const sums = [0, 0];
  for (const { pid, rel } of queries) {
    const papers = Object.keys(rel).map((id) => docs.get(id));
    const scores = rank(docs.get(pid), papers);
    const order = papers.map((_, i) => i).sort((a, b) => scores[b] - scores[a]);
    const [ndcg, map] = measure(order.map((i) => rel[papers[i].id]));
    sums[0] += ndcg;
    sums[1] += map;
  }
  const [ndcg, map] = sums.map((sum) => ((100 * sum) / queries.length).toFixed(1));
  console.log(`${name.padEnd(26)} ${ndcg.padStart(6)} ${map.padStart(6)}`);
}
console.log('published SPECTER, 50 queries  53.3   34.2');

for (const count of [500, 2000]) {
  const pool = [...docs.values()].slice(0, count);
  const [query] = docs.values();
  const times = Array.from({ length: 7 }, () => {
    const began = performance.now();
    indexPapers(pool).score(query);
    return performance.now() - began;
  });
  const [best] = times.toSorted((a, b) => a - b);
  console.log(
    `${count} abstracts indexed and ranked: first ${times[0].toFixed(0)} ms, best of 7 ${best.toFixed(0)} ms`,
  );
}
