import type { BodyCache, Turns } from '../../core/paper/manners.js';
import type { Literature } from '../../core/paper/source.js';
import type { Clock, Random } from '../../core/ports.js';
import { aclAnthology } from './acl-anthology.js';
import { arxivApi } from './arxiv-api.js';
import { arxivFeed } from './arxiv-feed.js';
import { arxivOai } from './arxiv-oai.js';
import { arxivText } from './arxiv-text.js';
import { crossref } from './crossref.js';
import { cvf } from './cvf.js';
import { dblp } from './dblp.js';
import { embedder } from './embed.js';
import type { HttpDoor } from './http.js';
import { ijcai } from './ijcai.js';
import { openAlex } from './openalex.js';
import { openReview } from './openreview.js';
import { semanticScholar } from './semantic-scholar.js';
import { unpaywall } from './unpaywall.js';
import { virtualSites } from './virtual-sites.js';

type Env = Readonly<Record<string, string | undefined>>;

/** All sources, the official lists before those that stand in for them. Keys come from the environment alone. */
export function openLiterature(options: {
  turns: Turns;
  cache: BodyCache;
  clock: Clock;
  random: Random;
  env: Env;
  version: string;
  /** An address to write to, for the User-Agent. */
  contact: string | undefined;
}): Literature {
  const { turns, cache, clock, random, env, contact } = options;
  const base = env.AUTO_EXPERIMENT_HTTP_BASE || null;
  const door: HttpDoor = {
    turns,
    cache,
    clock,
    random,
    base,
    spacingMs: replaySpacing(base, env.AUTO_EXPERIMENT_HTTP_SPACING_MS),
    userAgent: `auto-experiment/${options.version}${contact === undefined ? '' : ` (mailto:${contact})`}`,
  };
  return {
    sources: [
      virtualSites(door),
      cvf(door),
      aclAnthology(door),
      ijcai(door),
      openReview(door),
      dblp(door),
      arxivFeed(door),
      arxivApi(door),
      semanticScholar(door, env.SEMANTIC_SCHOLAR_API_KEY ?? env.S2_API_KEY),
      arxivOai(door),
      crossref(door, contact),
      openAlex(door, env.OPENALEX_API_KEY),
      unpaywall(door, contact),
    ],
    text: arxivText(door),
    embed: embedder(env.PAPERS_EMBED_API_KEY),
  };
}

/** The pause is the sources’ own, unless a recording on this very machine is replayed. */
function replaySpacing(base: string | null, text: string | undefined): number | null {
  const local = base !== null && /^https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?(?:\/|$)/.test(base);
  return local && text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}
