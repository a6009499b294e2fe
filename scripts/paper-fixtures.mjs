// Parses every recorded body of a folder with our parsers: node scripts/paper-fixtures.mjs FOLDER [--json]
// FOLDER holds one folder per source; a body may have NAME.meta.json with its HTTP status. A body counts as answered when
// it gives papers, or says in words why it gives none. Nothing is counted as both, and nothing is left out.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: node scripts/paper-fixtures.mjs FOLDER [--json]\n');
  process.exit(2);
}
const EXPORTS = {
  'adapters/papers/arxiv-atom': 'parseAtom',
  'adapters/papers/arxiv-feed': 'parseFeed',
  'adapters/papers/arxiv-oai': 'parseOai',
  'adapters/papers/acl-anthology': 'parseAclPage',
  'adapters/papers/bib': 'parseBib',
  'adapters/papers/crossref': 'parseCrossref',
  'adapters/papers/dblp': 'parseDblp',
  'adapters/papers/openalex': 'parseOpenAlex',
  'adapters/papers/openreview': 'parseOpenReview',
  'adapters/papers/refusals': 'saysRateExceeded',
  'adapters/papers/semantic-scholar': 'parseS2',
  'adapters/papers/unpaywall': 'parseUnpaywall',
  'adapters/papers/virtual-sites': 'parseVirtual',
  'adapters/papers/http': 'jsonOf',
  'core/paper/paper': 'isWithdrawal',
  'core/paper/venues': 'parseVenue',
  'engine/papers/card': 'toCard',
};
const temp = mkdtempSync(join(tmpdir(), 'ae-fixtures-'));
const outfile = join(temp, 'parsers.mjs');
await build({
  stdin: {
    contents: Object.entries(EXPORTS)
      .map(([file, name]) => `export { ${name} } from './mcp-server/src/${file}.js';`)
      .join('\n'),
    resolveDir: process.cwd(),
    loader: 'ts',
  },
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  logLevel: 'error',
});
const our = await import(pathToFileURL(outfile).href);
rmSync(temp, { recursive: true });

const json = (bytes, source) => our.jsonOf({ bytes, contentType: '', at: 0, stale: false }, source);
const text = (bytes) => bytes.toString('utf8');
const PARSERS = {
  'acl-anthology': (bytes) => ({ papers: [our.parseAclPage(text(bytes))], notes: [] }),
  'arxiv-atom': (bytes) => our.parseAtom(text(bytes)),
  'arxiv-oai': (bytes) => our.parseOai(text(bytes)),
  'arxiv-rss': (bytes) => {
    const { feed, notes } = our.parseFeed(text(bytes));
    return {
      papers: feed.papers,
      notes: feed.papers.length > 0 ? notes : [`no announcements for ${feed.day}`],
    };
  },
  'conf-virtual-json': (bytes) => our.parseVirtual(json(bytes, 'site'), our.parseVenue('NeurIPS2025')),
  crossref: (bytes) => our.parseCrossref(json(bytes, 'Crossref')),
  dblp: (bytes) => our.parseDblp(json(bytes, 'DBLP')),
  openalex: (bytes) => our.parseOpenAlex(json(bytes, 'OpenAlex')),
  openreview: (bytes) => our.parseOpenReview(json(bytes, 'OpenReview')),
  'semantic-scholar': (bytes) => our.parseS2(json(bytes, 'Semantic Scholar')),
  unpaywall: (bytes) => our.parseUnpaywall(json(bytes, 'Unpaywall')),
};

const rows = [];
/** Characters of each paper as search answers with it, beside the bytes of the bodies they came from. */
const cards = [];
let raw = 0;
const silent = [];
for (const source of readdirSync(folder).filter((name) => Object.hasOwn(PARSERS, name))) {
  const row = { source, bodies: 0, papers: 0, withPapers: 0, words: 0, silent: 0 };
  for (const name of readdirSync(join(folder, source)).filter((one) => !one.endsWith('.meta.json'))) {
    row.bodies += 1;
    const bytes = readFileSync(join(folder, source, name));
    const { papers, said } = answer(source, name, bytes);
    row.papers += papers;
    if (papers > 0) row.withPapers += 1;
    else if (said !== '') row.words += 1;
    else silent.push(`${source}/${name}`);
    if (papers === 0 && process.argv.includes('--words'))
      console.log(`  ${source}/${name.slice(0, 50)}: ${said}`);
  }
  row.silent = silent.filter((one) => one.startsWith(`${source}/`)).length;
  rows.push(row);
}

function answer(source, name, bytes) {
  if (our.saysRateExceeded({ body: bytes })) return { papers: 0, said: 'rate limited' };
  try {
    if (name.startsWith('withdrawn_comments')) {
      const lines = text(bytes).trim().split('\n');
      const known = lines.filter((line) => our.isWithdrawal(line)).length;
      return { papers: 0, said: known === lines.length ? `${known} withdrawals known` : '' };
    }
    const parse = name.endsWith('.bib') ? (body) => our.parseBib(text(body), source) : PARSERS[source];
    const { papers, notes, total } = parse(bytes);
    const found = papers.filter((paper) => paper !== null);
    if (found.length > 0) raw += bytes.length;
    for (const paper of found)
      cards.push(JSON.stringify(our.toCard(paper, 0.5, ['matching', 'words'])).length);
    for (const { title, ids } of found)
      if (title === '' || Object.keys(ids) === undefined) throw new Error('hollow');
    const unknown = papers.length - found.length;
    const none = total === 0 || papers.length === 0 ? 'no papers found' : '';
    return { papers: found.length, said: notes.join('; ') || (unknown > 0 ? `${unknown} not known` : none) };
  } catch (error) {
    if (error.name === 'LabError') return { papers: 0, said: error.message };
    throw new Error(`${source}/${name}`, { cause: error });
  }
}

const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
if (process.argv.includes('--json')) console.log(JSON.stringify({ rows, silent }, null, 2));
else {
  console.log('source              bodies  with papers  papers  answered with words  silent');
  for (const row of rows)
    console.log(
      `${row.source.padEnd(18)} ${String(row.bodies).padStart(7)} ${String(row.withPapers).padStart(12)} ${String(row.papers).padStart(7)} ${String(row.words).padStart(20)} ${String(row.silent).padStart(7)}`,
    );
  console.log(
    `all: ${sum('bodies')} bodies, ${sum('withPapers')} with ${sum('papers')} papers, ${sum('words')} answered with words, ${silent.length} silent`,
  );
}
const all = cards.reduce((total, size) => total + size, 0);
if (!process.argv.includes('--json'))
  console.log(
    `a paper in an answer: ${Math.round(all / cards.length)} characters on average, ${Math.max(...cards)} at most; ${Math.round(raw / cards.length)} bytes in the raw bodies`,
  );
for (const name of silent) console.log(`SILENT ${name}`);
process.exitCode = silent.length > 0 ? 1 : 0;
