import { Cite } from '@citation-js/core';
import '@citation-js/plugin-bibtex';
import '@citation-js/plugin-ris';
import { describe, expect, it } from 'vitest';
import { parseBib } from '../../mcp-server/src/adapters/papers/bib.js';
import { exportPapers } from '../../mcp-server/src/core/paper/exports/index.js';
import { paperOf } from '../../mcp-server/src/core/paper/paper.js';

const PAPERS = [
  paperOf({
    ids: { doi: '10.1109/cvpr.2016.90', arxiv: '1512.03385' },
    title: 'Deep residual learning with BERT & 50% of {ImageNet}_1',
    authors: ['Kaiming He', 'Ludwig van Beethoven', 'José Núñez', 'Plato'],
    year: 2016,
    venue: 'CVPR',
    kind: 'conference',
    pages: '770-778',
    url: 'https://arxiv.org/abs/1512.03385',
    sources: [],
  }),
  paperOf({
    ids: { arxiv: '2511.00001' },
    title: 'Learning $\\alpha$-divergences for Bayesian nets',
    authors: ['Kaiming He'],
    year: 2016,
    kind: 'preprint',
    categories: ['cs.LG'],
    sources: [],
  }),
  paperOf({
    ids: { doi: '10.1000/x' },
    title: 'On journals',
    authors: ['Ada One'],
    year: 2020,
    venue: 'JMLR',
    kind: 'journal',
    volume: '21',
    pages: '1-9',
    sources: [],
  }),
];

describe('exports', () => {
  it('BibTeX comes back whole from another parser', () => {
    const text = exportPapers('bibtex', PAPERS);
    const [conference, preprint, journal] = new Cite(text).data;
    expect(conference).toMatchObject({
      type: 'paper-conference',
      DOI: '10.1109/cvpr.2016.90',
      page: '770-778',
    });
    expect(conference.title.replace(/<[^>]+>/g, '')).toBe(
      'Deep residual learning with BERT & 50% of {ImageNet}_1',
    );
    expect(
      conference.author.map((name: { family?: string; literal?: string }) => name.family ?? name.literal),
    ).toEqual(['He', expect.stringContaining('Beethoven'), 'Núñez', 'Plato']);
    expect(conference['container-title']).toContain('Computer Vision and Pattern Recognition');
    expect(preprint.title).toContain('Bayesian nets');
    expect(journal).toMatchObject({ type: 'article-journal', 'container-title': 'JMLR', volume: '21' });
    expect(text).toContain('@misc{he2016learning,');
    expect(text).toContain('{BERT}');
    expect(text).toContain('{Bayesian}');
    expect(text).toContain('eprint = {2511.00001},\n  archivePrefix = {arXiv},\n  primaryClass = {cs.LG}');
  });

  it('RIS comes back whole from another parser', () => {
    const data = new Cite(exportPapers('ris', PAPERS)).data;
    expect(data.map(({ title }: { title: string }) => title)).toEqual(PAPERS.map(({ title }) => title));
    expect(data[0]).toMatchObject({ type: 'paper-conference', DOI: '10.1109/cvpr.2016.90' });
    expect(data[0].author[0]).toMatchObject({ family: 'He', given: 'Kaiming' });
  });

  it('CSL-JSON is what that parser takes as it is', () => {
    const data = new Cite(exportPapers('csl-json', PAPERS)).data;
    expect(data[1]).toMatchObject({ type: 'article', DOI: '10.48550/arXiv.2511.00001', publisher: 'arXiv' });
  });

  it('keys are the same in any order, and differ', () => {
    const twins = [1, 2].map((i) =>
      paperOf({ ...(PAPERS[1] ?? { title: '', sources: [] }), title: `Learning ${i}` }),
    );
    const keys = (list: typeof twins) =>
      [...exportPapers('bibtex', list).matchAll(/@misc\{(\w+),[\s\S]*?title = \{(.*?)\}/g)].map(
        ([, key, title]) => [title, key],
      );
    expect(Object.fromEntries(keys(twins))).toEqual(Object.fromEntries(keys(twins.toReversed())));
    expect(new Set(keys(twins).map(([, key]) => key)).size).toBe(2);
  });

  it('our own reader of BibTeX takes what we write', () => {
    const { papers, notes } = parseBib(exportPapers('bibtex', PAPERS), 'test');
    expect(notes).toEqual([]);
    expect(papers.map(({ authors }) => authors[0])).toEqual(['Kaiming He', 'Kaiming He', 'Ada One']);
    expect(papers[0]?.authors).toContain('José Núñez');
  });
});
