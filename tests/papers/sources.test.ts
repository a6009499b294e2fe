import { describe, expect, it } from 'vitest';
import { parseAclPage } from '../../mcp-server/src/adapters/papers/acl-anthology.js';
import { parseAtom } from '../../mcp-server/src/adapters/papers/arxiv-atom.js';
import { parseFeed } from '../../mcp-server/src/adapters/papers/arxiv-feed.js';
import { parseOai } from '../../mcp-server/src/adapters/papers/arxiv-oai.js';
import { parseBib } from '../../mcp-server/src/adapters/papers/bib.js';
import { parseCrossref } from '../../mcp-server/src/adapters/papers/crossref.js';
import { parseCvf } from '../../mcp-server/src/adapters/papers/cvf.js';
import { parseDblp } from '../../mcp-server/src/adapters/papers/dblp.js';
import { parseIjcai } from '../../mcp-server/src/adapters/papers/ijcai.js';
import { parseOpenAlex } from '../../mcp-server/src/adapters/papers/openalex.js';
import { parseOpenReview } from '../../mcp-server/src/adapters/papers/openreview.js';
import { parseS2 } from '../../mcp-server/src/adapters/papers/semantic-scholar.js';
import { parseUnpaywall } from '../../mcp-server/src/adapters/papers/unpaywall.js';
import { parseVirtual } from '../../mcp-server/src/adapters/papers/virtual-sites.js';
import {
  batchesBetween,
  batchOn,
  expectedBatch,
  nextBatchAt,
} from '../../mcp-server/src/core/paper/calendar.js';
import { parseId } from '../../mcp-server/src/core/paper/identity.js';
import { mergePapers } from '../../mcp-server/src/core/paper/merge.js';
import { isWithdrawal, paperOf } from '../../mcp-server/src/core/paper/paper.js';
import { indexPapers } from '../../mcp-server/src/core/paper/rank.js';
import { stem } from '../../mcp-server/src/core/paper/stem.js';
import { parseVenue } from '../../mcp-server/src/core/paper/venues.js';

// Bodies made by hand in the forms that the sources are known to have.

describe('arXiv', () => {
  it('both formats of the search API give the same paper', () => {
    const old = `<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/abs/2510.00010v2</id><title>On  a\n  wrapped title &amp; more</title><summary>  Text\n wrapped. </summary><published>2025-10-01T00:00:00Z</published><author><name>Ada One</name></author><arxiv:primary_category xmlns:arxiv="http://arxiv.org/schemas/atom" term="cs.CL"/><category term="cs.CL"/><category term="68T50"/><arxiv:doi xmlns:arxiv="http://arxiv.org/schemas/atom">10.1000/ABC</arxiv:doi></entry></feed>`;
    const young = `<?xml version='1.0' encoding='UTF-8'?><feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/abs/2510.00010v2</id><title>On a wrapped title &amp; more</title><summary>Text wrapped.</summary><category term="cs.CL" scheme="s"/><published>2025-10-01T00:00:00Z</published><arxiv:doi>10.1000/abc</arxiv:doi><arxiv:primary_category term="cs.CL"/><author><name>Ada One</name></author></entry></feed>`;
    const [a, b] = [old, young].map((text) => parseAtom(text).papers[0]);
    expect(a).toEqual(b);
    expect(a).toMatchObject({
      ids: { arxiv: '2510.00010', doi: '10.1000/abc' },
      title: 'On a wrapped title & more',
      version: 2,
      categories: ['cs.CL'],
    });
  });

  it('an error entry is an error', () => {
    const text = `<?xml version="1.0"?><feed><entry><id>http://arxiv.org/api/errors#x</id><title>Error</title><summary>incorrect id format</summary></entry></feed>`;
    expect(() => parseAtom(text)).toThrow('incorrect id format');
  });

  it('RSS and Atom feeds give kinds, days and authors', () => {
    const rss = `<?xml version='1.0'?><rss><channel><title>x</title><item><title>T</title><link>https://arxiv.org/abs/2203.00001</link><description>arXiv:2203.00001v3 Announce Type: replace-cross\nAbstract: We.</description><guid>oai:arXiv.org:2203.00001v3</guid><category>math.AP</category><pubDate>Fri, 23 Feb 2024 00:00:00 -0500</pubDate><arxiv:announce_type>replace-cross</arxiv:announce_type><dc:creator>Ada One, Bo Two</dc:creator></item></channel></rss>`;
    const { feed, notes } = parseFeed(rss);
    expect(feed).toMatchObject({
      day: '2024-02-23',
      papers: [
        {
          ids: { arxiv: '2203.00001' },
          announced: 'replace-cross',
          version: 3,
          abstract: 'We.',
          authors: ['Ada One', 'Bo Two'],
        },
      ],
    });
    expect(notes).toEqual([]);
  });

  it('OAI records, their versions and their errors', () => {
    const head = '<?xml version="1.0"?><OAI-PMH>';
    const raw = `${head}<GetRecord><record><header/><metadata><arXivRaw><id>1810.00001</id><version version="v1"><date>Mon, 22 Oct 2018 17:00:00 GMT</date></version><version version="v2"><date>Tue, 23 Oct 2018 17:00:00 GMT</date></version><title>T of it</title><authors>Ada One and Bo Two</authors><categories>cs.DL cs.LG</categories></arXivRaw></metadata></record></GetRecord></OAI-PMH>`;
    expect(parseOai(raw).papers).toMatchObject([
      { version: 2, date: '2018-10-22', authors: ['Ada One', 'Bo Two'], categories: ['cs.DL', 'cs.LG'] },
    ]);
    expect(() => parseOai(`${head}<error code="idDoesNotExist">no</error></OAI-PMH>`)).toThrow(
      'idDoesNotExist',
    );
  });

  it.each([
    'This paper has been withdrawn by the authors.',
    'Withdrawn due to an error',
    'arXiv admin note: this submission has been withdrawn by arXiv administrators',
  ])('knows a withdrawal: %s', (text) => expect(isWithdrawal(text)).toBe(true));

  it('knows no withdrawal in a paper about them', () => {
    expect(isWithdrawal('We study opioid withdrawal and retracted papers.')).toBe(false);
  });
});

describe('lists of venues', () => {
  it('CVF, IJCAI and the ACL Anthology', () => {
    const cvf = `<dl><dt class="ptitle"><br><a href="/content/WACV2025/html/a_paper.html">Pose &amp; Gesture</a></dt><dd><form><input type="hidden" name="query_author" value="Ada One"></form></dd><dd>[<a href="/content/WACV2025/papers/a.pdf">pdf</a>] [<a href="http://arxiv.org/abs/2501.00001">arXiv</a>]</dd>`;
    expect(parseCvf(cvf, parseVenue('WACV2025', undefined)).papers).toMatchObject([
      {
        title: 'Pose & Gesture',
        authors: ['Ada One'],
        ids: { arxiv: '2501.00001' },
        pdf: 'https://openaccess.thecvf.com/content/WACV2025/papers/a.pdf',
      },
    ]);
    const ijcai = `<div class="paper_wrapper" id="p1"><div class="title">Games</div><div class="authors">Ada One, Bo Two</div><div class="details"><a href="/proceedings/2025/1">x</a></div></div>`;
    expect(parseIjcai(ijcai, parseVenue('IJCAI', 2025)).papers).toMatchObject([
      { title: 'Games', authors: ['Ada One', 'Bo Two'], ids: { doi: '10.24963/ijcai.2025/1' } },
    ]);
    const page = `<meta content="A title" name=citation_title><meta content="Ada One" name=citation_author><meta content="https://aclanthology.org/2021.x-main.1.pdf" name=citation_pdf_url><meta content="2021/6" name=citation_publication_date><div class="card-body acl-abstract"><h5>Abstract</h5><span>We.</span></div>`;
    expect(parseAclPage(page)).toMatchObject({
      title: 'A title',
      ids: { acl: '2021.x-main.1' },
      year: 2021,
      abstract: 'We.',
    });
    const bib = `@proceedings{p, title={P}}\n@inproceedings{a, title = "{BERT} {\\'e}tude", author = {N{\\'u}{\\~n}ez, Jos{\\'e} and Two, Bo}, url = "https://aclanthology.org/2025.acl-long.1/", year=2025, month = jul}`;
    expect(parseBib(bib, 'x')).toMatchObject({
      papers: [
        {
          title: 'BERT étude',
          authors: ['José Núñez', 'Bo Two'],
          ids: { acl: '2025.acl-long.1' },
          kind: 'conference',
        },
      ],
      notes: [expect.stringContaining('proceedings')],
    });
  });

  it('conference sites: cut lists are told', () => {
    const { notes } = parseVirtual(
      { count: 2891, results: [{ name: 'One', eventtype: 'Poster' }] },
      parseVenue('ECCV2024', undefined),
    );
    expect(notes).toContain('the list holds 1 of 2891 events: the site cuts it');
  });

  it('DBLP: one author, many, homonyms, and no hits at all', () => {
    const info = (author: unknown) => ({
      info: { title: 'T.', authors: { author }, key: 'journals/corr/abs-1', year: '2021', venue: ['CoRR'] },
    });
    const hits = [info({ text: 'Ada One 0009' }), info([{ text: 'Ada One' }, { text: 'Bo Two' }])];
    const { papers } = parseDblp({ result: { hits: { '@total': '2', hit: hits } } });
    expect(papers.map(({ authors, kind, title }) => [authors.length, kind, title])).toEqual([
      [1, 'preprint', 'T'],
      [2, 'preprint', 'T'],
    ]);
    expect(papers[0]?.authors).toEqual(['Ada One']);
    expect(parseDblp({ result: { hits: { '@total': '0' } } })).toEqual({ papers: [], total: 0, notes: [] });
    expect(() => parseDblp([])).toThrow('form that is not known');
  });
});

describe('look-ups', () => {
  it('Semantic Scholar: batches with nulls, empty searches, errors', () => {
    expect(
      parseS2([null, { title: 'T', citationCount: 3, externalIds: { ArXiv: '2501.00001' } }]).papers,
    ).toMatchObject([null, { citations: 3, ids: { arxiv: '2501.00001' } }]);
    expect(parseS2({ total: 0, offset: 0 }).papers).toEqual([]);
    expect(() => parseS2({ error: 'Paper with id 0 not found' })).toThrow('not found');
    expect(() => parseS2({ message: 'Too Many Requests', code: '429' })).toThrow('Too Many');
  });

  it('Crossref, OpenAlex, OpenReview and Unpaywall', () => {
    expect(parseCrossref({ message: { DOI: '10.1/X', title: [] } }).notes[0]).toContain('without a title');
    expect(
      parseCrossref({
        message: {
          DOI: '10.1000/X',
          title: ['T'],
          type: 'proceedings-article',
          issued: { 'date-parts': [[2020, 1, 2]] },
        },
      }).papers,
    ).toMatchObject([{ date: '2020-01-02', kind: 'conference' }]);
    expect(
      parseOpenAlex({
        id: 'https://openalex.org/W1',
        display_name: 'T',
        abstract_inverted_index: { b: [1], a: [0] },
      }).papers,
    ).toMatchObject([{ abstract: 'a b' }]);
    expect(() => parseOpenAlex({ error: 'Rate limit exceeded', message: 'x' })).toThrow('Rate limit');
    const note = (venueid: string) => ({
      id: 'abcdefgh',
      content: { title: { value: 'T' }, venueid: { value: venueid } },
    });
    expect(parseOpenReview({ notes: [note('X/Rejected_Submission'), note('X')] })).toMatchObject({
      papers: [{ title: 'T' }],
      notes: ['not accepted: T'],
    });
    expect(
      parseUnpaywall({ doi: '10.1000/x', title: 'T', best_oa_location: { url_for_pdf: 'https://x/y.pdf' } })
        .papers,
    ).toMatchObject([{ pdf: 'https://x/y.pdf' }]);
  });
});

describe('identity', () => {
  it.each([
    '2501.00001v3',
    'arXiv:2501.00001',
    'https://arxiv.org/pdf/2501.00001v2.pdf',
    '10.48550/arXiv.2501.00001',
    'oai:arXiv.org:2501.00001',
  ])('%s is one paper', (text) => expect(parseId(text).ids).toEqual({ arxiv: '2501.00001' }));

  it('records meet by any id, and by title only with an author and near years', () => {
    const one = (more: object) =>
      paperOf({ title: 'A title that is long', authors: ['Ada One'], sources: ['x'], year: 2024, ...more });
    const bridge = one({ ids: { arxiv: '1', doi: 'd' }, title: 'Other words altogether' });
    expect(
      mergePapers([
        one({ ids: { arxiv: '1' } }),
        one({ ids: { doi: 'd' }, title: 'Third words', authors: [] }),
        bridge,
      ]).length,
    ).toBe(1);
    expect(mergePapers([one({}), one({ title: 'A Title: that is long!' })]).length).toBe(1);
    expect(mergePapers([one({}), one({ authors: ['Zoe Other'] })]).length).toBe(2);
    expect(mergePapers([one({}), one({ year: 2018 })]).length).toBe(2);
  });
});

describe('calendar', () => {
  it('knows weekends, holidays, summer and winter time', () => {
    expect(['2026-11-27', '2026-11-28', '2026-11-30'].map(batchOn)).toEqual(['holiday', 'weekend', 'batch']);
    expect(expectedBatch(Date.parse('2026-11-24T04:59:00Z'))).toBe('2026-11-23');
    expect(expectedBatch(Date.parse('2026-11-24T05:00:00Z'))).toBe('2026-11-24');
    expect(expectedBatch(Date.parse('2026-07-14T04:00:00Z'))).toBe('2026-07-14');
    expect(batchesBetween('2026-11-25', '2026-12-01')).toEqual(['2026-11-26', '2026-11-30', '2026-12-01']);
    expect(new Date(nextBatchAt(Date.parse('2026-11-27T12:00:00Z'))).toISOString()).toBe(
      '2026-11-30T05:00:00.000Z',
    );
  });
});

describe('ranking', () => {
  it('stems as published', () => {
    const words = {
      caresses: 'caress',
      ponies: 'poni',
      agreed: 'agre',
      hopping: 'hop',
      relational: 'relat',
      probate: 'probat',
      controll: 'control',
      sky: 'sky',
    };
    for (const [word, want] of Object.entries(words)) expect(stem(word), word).toBe(want);
  });

  it('puts shared rare words before shared common ones, and says why', () => {
    const papers = ['A method that shows results', 'Gestures from speech', 'A study of rice'].map(
      (title) => ({ title, abstract: '' }),
    );
    const query = { title: 'method for gesture results', abstract: '' };
    const index = indexPapers(papers);
    const [common = 0, rare = 0, none] = index.score(query);
    expect(rare).toBeGreaterThan(0);
    expect(common).toBeGreaterThan(0);
    expect(none).toBe(0);
    expect(index.matched(query, 1, 5)).toEqual(['gesture']);
    expect(indexPapers([]).score(query)).toEqual([]);
  });
});
