/** Hosts that are asked, with the queue each belongs to and the pause between two requests, in milliseconds. */
export interface HostRule {
  group: string;
  spacingMs: number;
}

/** arXiv: one request every three seconds and one connection over all its hosts (info.arxiv.org/help/api/tou.html). */
const ARXIV: HostRule = { group: 'arxiv', spacingMs: 3100 };

const RULES: Record<string, HostRule> = {
  'export.arxiv.org': ARXIV,
  'rss.arxiv.org': ARXIV,
  'arxiv.org': ARXIV,
  'oaipmh.arxiv.org': ARXIV,
  // Answers 429 well below its documented limits; five to seven seconds are known to work.
  'dblp.org': { group: 'dblp', spacingMs: 6000 },
  // One request per second with a key; without one all callers of the world share a pool.
  'api.semanticscholar.org': { group: 'semantic-scholar', spacingMs: 1100 },
  'api.openalex.org': { group: 'openalex', spacingMs: 200 },
  'api.crossref.org': { group: 'crossref', spacingMs: 500 },
  'api.unpaywall.org': { group: 'unpaywall', spacingMs: 500 },
  'api2.openreview.net': { group: 'openreview', spacingMs: 1000 },
};

const LISTS = [
  'openaccess.thecvf.com',
  'www.ecva.net',
  'aclanthology.org',
  'www.ijcai.org',
  'neurips.cc',
  'icml.cc',
  'iclr.cc',
  'mlsys.org',
  'aistats.org',
  'cvpr.thecvf.com',
  'iccv.thecvf.com',
  'eccv.ecva.net',
];

/** The rule of a host; null for one that this program never asks. */
export function hostRule(host: string): HostRule | null {
  if (Object.hasOwn(RULES, host)) return RULES[host] ?? null;
  return LISTS.includes(host) ? { group: host, spacingMs: 1000 } : null;
}
