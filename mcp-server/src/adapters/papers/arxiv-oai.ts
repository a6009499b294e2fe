import { idsOfDoi, parseArxiv } from '../../core/paper/identity.js';
import { cleanText, dayOf, isWithdrawal, type Paper, paperOf, yearOf } from '../../core/paper/paper.js';
import { type PaperSource, SourceError } from '../../core/paper/source.js';
import { type HttpDoor, textOf } from './http.js';
import { oneByOne } from './one-by-one.js';
import { list, parseXml, record, textIn } from './xml.js';

/** arXiv's OAI-PMH door: slower than the search API, and right when that one’s index lags. */
export function arxivOai(door: HttpDoor): PaperSource {
  return {
    name: 'arxiv-oai',
    lookUp: oneByOne(door, {
      urlOf: ({ arxiv }) =>
        arxiv === undefined
          ? null
          : `https://oaipmh.arxiv.org/oai?verb=GetRecord&metadataPrefix=arXivRaw&identifier=oai:arXiv.org:${arxiv}`,
      read: (body) => parseOai(textOf(body)),
      days: 1,
    }),
  };
}

/** Records of OAI-PMH in the formats `arXiv` and `arXivRaw`. Throws SourceError for its errors. */
export function parseOai(text: string): { papers: Paper[]; notes: string[] } {
  const root = record(parseXml(text, 'arXiv’s OAI door')['OAI-PMH']);
  const error = root.error;
  if (error !== undefined) {
    const code = textIn(record(error)['@code']);
    const said = cleanText(textIn(error), 200);
    throw new SourceError(
      code === 'idDoesNotExist' ? 'not_found' : 'malformed',
      `arXiv (OAI): ${code} ${said}`.trim(),
      'look at the id',
    );
  }
  const papers: Paper[] = [];
  const notes: string[] = [];
  for (const one of [...list(record(root.ListRecords).record), ...list(record(root.GetRecord).record)]) {
    const item = record(one);
    const header = record(item.header);
    const metadata = record(item.metadata);
    const body = record(metadata.arXiv ?? metadata.arXivRaw);
    const id = parseArxiv(textIn(body.id));
    if (textIn(header['@status']) === 'deleted') notes.push(`${textIn(header.identifier)} was deleted`);
    else if (id === null)
      notes.push(`a record without a readable id: ${cleanText(textIn(header.identifier), 80)}`);
    else papers.push(paperOfRecord(body, id.id));
  }
  return { papers, notes };
}

function paperOfRecord(body: Record<string, unknown>, id: string): Paper {
  const versions = list(body.version).map(record);
  const first = textIn(versions[0]?.date);
  const date =
    dayOf(textIn(body.created)) ??
    (first === '' ? null : new Date(Date.parse(first)).toISOString().slice(0, 10));
  const authors = record(body.authors);
  const listed = list(authors.author).map((one) => {
    const author = record(one);
    return cleanText(`${textIn(author.forenames)} ${textIn(author.keyname)} ${textIn(author.suffix)}`, 120);
  });
  const raw = cleanText(textIn(body.authors), 20_000).split(/,\s*(?:and\s+)?|\s+and\s+/);
  const journal = cleanText(textIn(body['journal-ref']), 300) || null;
  const comment = cleanText(textIn(body.comments), 500) || null;
  const abstract = cleanText(textIn(body.abstract));
  return paperOf({
    ids: { ...idsOfDoi(textIn(body.doi).split(/\s/)[0]), arxiv: id },
    title: cleanText(textIn(body.title), 500),
    authors: (listed.length > 0 ? listed : raw).filter(Boolean),
    abstract,
    year: yearOf(date),
    date,
    venue: journal,
    kind: journal === null ? 'preprint' : 'journal',
    categories: textIn(body.categories).split(/\s+/).filter(Boolean),
    version: versions.length > 0 ? versions.length : null,
    comment,
    withdrawn: isWithdrawal(comment, abstract),
    url: `https://arxiv.org/abs/${id}`,
    pdf: `https://arxiv.org/pdf/${id}`,
    sources: ['arxiv-oai'],
  });
}
