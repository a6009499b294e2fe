import { LabError } from '../errors.js';
import { nearest } from '../text.js';

/** A conference: how people write it, when it is held, and what the sources call it. */
export interface Venue {
  name: string;
  /** Spelled out, for exports and for telling it in a source's own words. */
  title: string;
  /** Further ways to write the name, lower case without spaces. */
  aliases: readonly string[];
  /** The first year; `every` 2 = held each second year from then on. */
  since: number;
  every?: 2;
  /** Host of its virtual conference site, where a JSON list of all papers lies. */
  virtual?: string;
  cvf?: boolean;
  /** Its group on OpenReview. */
  openreview?: string;
  ecva?: boolean;
  ijcai?: boolean;
  /** Volumes of the ACL Anthology: `{year}.acl-long`, … Since 2020 they are named so. */
  acl?: readonly string[];
  /** DBLP's tables of contents: `{year}` is put in. */
  dblp: readonly string[];
  /** Months (1 to 12) until which its list is usually published. */
  month: number;
}

export const VENUES: readonly Venue[] = [
  {
    name: 'CVPR',
    title: 'IEEE/CVF Conference on Computer Vision and Pattern Recognition',
    aliases: [],
    since: 1988,
    virtual: 'cvpr.thecvf.com',
    cvf: true,
    dblp: ['conf/cvpr/cvpr{year}'],
    month: 6,
  },
  {
    name: 'ICCV',
    title: 'IEEE/CVF International Conference on Computer Vision',
    aliases: [],
    since: 1987,
    every: 2,
    virtual: 'iccv.thecvf.com',
    cvf: true,
    dblp: ['conf/iccv/iccv{year}'],
    month: 10,
  },
  {
    name: 'WACV',
    title: 'IEEE/CVF Winter Conference on Applications of Computer Vision',
    aliases: [],
    since: 2012,
    cvf: true,
    dblp: ['conf/wacv/wacv{year}'],
    month: 3,
  },
  {
    name: 'ECCV',
    title: 'European Conference on Computer Vision',
    aliases: [],
    since: 1990,
    every: 2,
    virtual: 'eccv.ecva.net',
    ecva: true,
    dblp: ['conf/eccv/eccv{year}-1'],
    month: 10,
  },
  {
    name: 'NeurIPS',
    title: 'Advances in Neural Information Processing Systems',
    aliases: ['nips'],
    since: 1987,
    virtual: 'neurips.cc',
    dblp: ['conf/nips/neurips{year}'],
    month: 12,
  },
  {
    name: 'ICML',
    title: 'International Conference on Machine Learning',
    aliases: [],
    since: 1988,
    virtual: 'icml.cc',
    dblp: ['conf/icml/icml{year}'],
    month: 7,
  },
  {
    name: 'ICLR',
    title: 'International Conference on Learning Representations',
    aliases: [],
    since: 2013,
    virtual: 'iclr.cc',
    openreview: 'ICLR.cc/{year}/Conference',
    dblp: ['conf/iclr/iclr{year}'],
    month: 4,
  },
  {
    name: 'AAAI',
    title: 'AAAI Conference on Artificial Intelligence',
    aliases: [],
    since: 2010,
    dblp: ['conf/aaai/aaai{year}'],
    month: 4,
  },
  {
    name: 'IJCAI',
    title: 'International Joint Conference on Artificial Intelligence',
    aliases: [],
    since: 2015,
    ijcai: true,
    dblp: ['conf/ijcai/ijcai{year}'],
    month: 9,
  },
  {
    name: 'ACL',
    title: 'Annual Meeting of the Association for Computational Linguistics',
    aliases: [],
    since: 1979,
    acl: ['{year}.acl-long', '{year}.acl-short'],
    dblp: ['conf/acl/acl{year}-1', 'conf/acl/acl{year}-2'],
    month: 8,
  },
  {
    name: 'EMNLP',
    title: 'Conference on Empirical Methods in Natural Language Processing',
    aliases: [],
    since: 1996,
    acl: ['{year}.emnlp-main'],
    dblp: ['conf/emnlp/emnlp{year}'],
    month: 11,
  },
  {
    name: 'NAACL',
    title: 'Conference of the North American Chapter of the Association for Computational Linguistics',
    aliases: [],
    since: 2000,
    acl: ['{year}.naacl-long', '{year}.naacl-short', '{year}.naacl-main'],
    dblp: ['conf/naacl/naacl{year}-1'],
    month: 6,
  },
  {
    name: 'COLING',
    title: 'International Conference on Computational Linguistics',
    aliases: [],
    since: 1965,
    acl: ['{year}.coling-main', '{year}.lrec-main'],
    dblp: ['conf/coling/coling{year}'],
    month: 12,
  },
  {
    name: 'SIGGRAPH',
    title: 'ACM SIGGRAPH Conference Papers',
    aliases: [],
    since: 1974,
    dblp: ['conf/siggraph/siggraph{year}'],
    month: 8,
  },
  {
    name: 'SIGGRAPH Asia',
    title: 'ACM SIGGRAPH Asia Conference Papers',
    aliases: ['siggrapha'],
    since: 2008,
    dblp: ['conf/siggrapha/siggrapha{year}'],
    month: 12,
  },
  {
    name: 'MLSys',
    title: 'Conference on Machine Learning and Systems',
    aliases: ['sysml'],
    since: 2018,
    virtual: 'mlsys.org',
    dblp: ['conf/mlsys/mlsys{year}'],
    month: 6,
  },
  {
    name: 'CoRL',
    title: 'Conference on Robot Learning',
    aliases: [],
    since: 2017,
    openreview: 'robot-learning.org/CoRL/{year}/Conference',
    dblp: ['conf/corl/corl{year}'],
    month: 11,
  },
  {
    name: 'COLM',
    title: 'Conference on Language Modeling',
    aliases: [],
    since: 2024,
    openreview: 'colmweb.org/COLM/{year}/Conference',
    dblp: ['conf/colm/colm{year}'],
    month: 10,
  },
  {
    name: 'AISTATS',
    title: 'International Conference on Artificial Intelligence and Statistics',
    aliases: [],
    since: 2007,
    virtual: 'aistats.org',
    dblp: ['conf/aistats/aistats{year}'],
    month: 5,
  },
];

export interface Edition {
  venue: Venue;
  year: number;
}

/**
 * What a person writes as a venue: `CVPR2025`, `neurips 2024`, `SIGGRAPH Asia '24`, or a name with the year apart. Throws
 * LabError that names the nearest one.
 */
export function parseVenue(text: string, year: number | undefined): Edition {
  const found = /^([\p{L}\s.-]+?)[\s'’:_-]*((?:19|20)?\d{2})?$/u.exec(text.trim());
  const name = (found?.[1] ?? text).toLowerCase().replace(/[^a-z]/g, '');
  const venue = VENUES.find((one) => compact(one.name) === name || one.aliases.includes(name));
  if (venue === undefined) {
    const close = nearest(
      name,
      VENUES.map((one) => compact(one.name)),
    );
    const meant = VENUES.find((one) => compact(one.name) === close);
    throw new LabError(
      `the venue "${text.slice(0, 80)}" is not known`,
      `${meant === undefined ? '' : `did you mean ${meant.name}? `}known: ${VENUES.map((one) => one.name).join(', ')}`,
    );
  }
  const written = found?.[2];
  const own = written === undefined ? undefined : Number(written) + (written.length === 2 ? 2000 : 0);
  if (own !== undefined && year !== undefined && own !== year)
    throw new LabError(`the venue says ${own} and the year says ${year}`, 'give the year once');
  const when = own ?? year;
  if (when === undefined)
    throw new LabError(`which year of ${venue.name}?`, `write ${venue.name}2025, or give the year`);
  return { venue, year: when };
}

/** Editions that were or will be held; the nearest two for those that are not. */
export function wasHeld({ venue, year }: Edition): { held: true } | { held: false; near: number[] } {
  if (year < venue.since) return { held: false, near: [venue.since] };
  if (venue.every === 2 && (year - venue.since) % 2 !== 0) return { held: false, near: [year - 1, year + 1] };
  // NAACL skips the years in which ACL meets in North America or Asia alone.
  if (venue.name === 'NAACL' && [2002, 2005, 2008, 2011, 2014, 2017, 2020, 2023].includes(year))
    return { held: false, near: [year - 1, year + 1] };
  return { held: true };
}

export const editionName = ({ venue, year }: Edition): string => `${venue.name} ${year}`;

const compact = (name: string): string => name.toLowerCase().replace(/[^a-z]/g, '');
