// Asks every paper source one small question over the network, with the program's own manners, and reports what has
// drifted from what it was written against, or gave no answer: npm run verify:sources [-- NAME…]. Takes about two minutes. Run it by hand.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const papers = (...args) => ['papers', ...args, '--json'];
/** What is asked, and what an answer must have. Each ran against recordings only when this was written. */
const CHECKS = {
  'arxiv search': [papers('search', 'attention is all you need'), (a) => a.sources?.includes('arxiv')],
  'arxiv lookup': [papers('show', '1706.03762'), (a) => /attention/i.test(a.title ?? '')],
  'arxiv source': [papers('show', '1706.03762', '--full'), (a) => a.text === 'latex' && a.outline.length > 5],
  'arxiv feed': [
    papers('digest', '--topics', 'learning'),
    (a) => ['written', 'there', 'quiet'].includes(a.status),
  ],
  'semantic scholar': [papers('search', 'attention'), (a) => a.sources?.includes('semantic-scholar')],
  'crossref, openalex': [papers('show', '10.1109/cvpr.2016.90'), (a) => /residual/i.test(a.title ?? '')],
  'acl anthology page': [papers('show', 'acl:2021.naacl-main.208'), (a) => /prompt/i.test(a.title ?? '')],
  'neurips site': [
    papers('search', 'graph', '--venue', 'NeurIPS2025'),
    (a) => a.considered > 5500 && a.sources[0] === 'conference-site',
  ],
  'cvf page': [
    papers('search', 'pose', '--venue', 'WACV2025'),
    (a) => a.considered > 700 && a.sources[0] === 'cvf',
  ],
  'ecva page': [papers('search', 'pose', '--venue', 'ECCV2022'), (a) => a.considered > 1500],
  'acl volumes': [
    papers('search', 'parsing', '--venue', 'ACL2025'),
    (a) => a.considered > 1600 && a.sources[0] === 'acl-anthology',
  ],
  'ijcai page': [
    papers('search', 'games', '--venue', 'IJCAI2025'),
    (a) => a.considered > 900 && a.sources[0] === 'ijcai',
  ],
  'dblp contents': [
    papers('search', 'planning', '--venue', 'AAAI2024'),
    (a) => a.considered > 2000 && a.sources[0] === 'dblp',
  ],
};

const wanted = process.argv.slice(2);
const project = mkdtempSync(join(tmpdir(), 'ae-verify-'));
let open = 0;
try {
  for (const [name, [args, holds]] of Object.entries(CHECKS)) {
    if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) continue;
    const main = new URL('../mcp-server/dist/main.cjs', import.meta.url).pathname;
    const { stdout, stderr } = spawnSync(process.execPath, [main, ...args, '--project', project], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    const answer = parse(stdout);
    const said = answer?.message ?? answer?.title ?? stderr.trim().split('\n')[0] ?? '';
    const verdict = verdictOf(answer, holds, [said, ...(answer?.notes ?? [])].join('\n'));
    if (verdict !== 'as known') open += 1;
    console.log(`${verdict.padEnd(9)} ${name.padEnd(20)} ${said.slice(0, 120)}`);
    for (const note of answer?.notes ?? [])
      console.log(`                               ${note.slice(0, 160)}`);
  }
} finally {
  rmSync(project, { recursive: true });
}
process.exitCode = open > 0 ? 1 : 0;

/** A source that refuses or is down has not drifted: what it would say is unknown. */
function verdictOf(answer, holds, words) {
  if (answer !== null && holds(answer)) return 'as known';
  return /rate limited until|does not answer|is down|answers 5\d\d/.test(words) ? 'NO ANSWER' : 'DRIFTED';
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
