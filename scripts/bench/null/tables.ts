// The tables of docs/verdict.md. Every cell is simulated now, from a fixed seed.
import { retest } from '../../../mcp-server/src/core/verdict/retest.js';
import { RULE, type Rule } from '../../../mcp-server/src/core/verdict/rule.js';
import { shrinkGain } from '../../../mcp-server/src/core/verdict/shrink.js';
import { blocks } from './blocks.js';
import { type Campaign, campaign, many, type Play } from './campaign.js';
import { type Draw, gauss, NOISES, uniform } from './noise.js';
import { alwaysThree, ours, score, screenedWelch, strict } from './rules.js';

/** Share of the full number of campaigns. */
export type Effort = number;

export interface Table {
  title: string;
  head: string[];
  rows: string[][];
}

const SEED = 5;
const percent = (share: number | null, digits = 1) => (share === null ? '–' : (share * 100).toFixed(digits));
const count = (effort: Effort, full: number) => Math.max(20, Math.round(effort * full));

/** Campaigns for each length, so that all lengths take about as long. */
const LENGTHS: readonly (readonly [runs: number, campaigns: number])[] = [
  [10, 4000],
  [50, 3000],
  [100, 2000],
  [700, 600],
];

const CASES: readonly (readonly [string, Omit<Campaign, 'runs'>])[] = [
  ...Object.entries(NOISES).map(([name, noise]) => [name, { noise }] as const),
  ['Gaussian, candidates twice as wide', { noise: gauss, spread: 2 }],
  ['Gaussian, candidates three times as wide', { noise: gauss, spread: 3 }],
  ['Gaussian, candidates half as wide', { noise: gauss, spread: 0.5 }],
  ['Gaussian, first baseline run 2 σ lucky', { noise: gauss, first: 2 }],
  ['Gaussian, first baseline run 2 σ unlucky', { noise: gauss, first: -2 }],
];

/** Campaigns in which nothing is better: the share with any false keep. */
export function nullTable(effort: Effort): Table {
  const rows: string[][] = [];
  for (const [name, what] of CASES) {
    for (const [runs, full] of LENGTHS) {
      const campaigns = count(effort, full);
      const play = (rule: Play) => many({ ...what, runs }, rule, uniform(SEED), campaigns);
      const [plain, scored, fixed, always, mine] = [strict, score, screenedWelch, alwaysThree, ours()].map(
        play,
      );
      if (!plain || !scored || !fixed || !always || !mine) continue;
      rows.push([
        name,
        String(runs),
        percent(plain.any, 0),
        percent(scored.any, 0),
        percent(fixed.any),
        percent(always.any),
        `${percent(mine.any)} ± ${percent(mine.error)}`,
        `+${percent(mine.extra, 0)} %`,
        String(campaigns),
      ]);
    }
  }
  return {
    title: 'Campaigns without any gain: % with a false keep (budget 5 %)',
    head: [
      'noise',
      'candidates',
      'strict <',
      'best/MAD ≥ 2',
      'screen, 3 v 3',
      'always 3 v 3',
      'ours',
      'extra runs',
      'campaigns',
    ],
    rows,
  };
}

const REAL = { share: 0.1, runs: 50 };
const POWER: readonly (readonly [string, Play])[] = [
  ['strict <', strict],
  ['screen, then Welch 3 v 3, Bonferroni', screenedWelch],
  ['always 3 seeds, Welch 3 v 3, Bonferroni', alwaysThree],
  ['matched blocks, nothing in common', blocks(0)],
  ['matched blocks, 80 % in common', blocks(0.8)],
  ['ours', ours()],
];

/** One candidate in ten is truly better: the share found, what it costs, and false keeps. */
export function powerTable(effort: Effort): Table {
  const rows = POWER.flatMap(([name, play]) =>
    [0.5, 1, 2, 3].map((effect) => {
      const done = many({ ...REAL, noise: gauss, effect }, play, uniform(SEED), count(effort, 1500));
      const each = done.each === null ? '–' : done.each.toFixed(0);
      return [
        name,
        String(effect),
        percent(done.power, 0),
        percent(done.any),
        `+${percent(done.extra, 0)} %`,
        each,
      ];
    }),
  );
  return {
    title: 'Campaigns of 50 candidates, one in ten truly better (Gaussian noise)',
    head: [
      'rule',
      'effect in σ',
      '% of gains found',
      '% with a false keep',
      'extra runs',
      'runs for each gain found',
    ],
    rows,
  };
}

const SEARCH: readonly (readonly [string, Partial<Rule>])[] = [
  ['as shipped', {}],
  ['at most 3 fresh seeds, champion of 6', { extend: 1, champion: 2 }],
  ['at most 6 fresh seeds, champion of 6', { extend: 2, champion: 2 }],
  ['at most 18 fresh seeds', { extend: 6 }],
  ['champion not topped up', { champion: 1 }],
  ['champion of 18', { champion: 6 }],
  ['pooled σ alone, not the candidate’s own', { own: 0 }],
  ['the same, a keep on 2 seeds, ρ = 1', { own: 0, least: 2, spending: 1 }],
  ['screen at 0.5 σ', { screen: 0.5 }],
  ['screen at 1.5 σ', { screen: 1.5 }],
  ['half of α after 1', { half: 1 }],
  ['half of α after 8', { half: 8 }],
  ['a keep on 2 seeds allowed', { least: 2 }],
  ['spending ρ = 1', { spending: 1 }],
  ['no futility bound', { hopeful: [-99] }],
  ['futility at 1 σ from the first', { hopeful: [1] }],
];

/** The rule with one constant changed: what each is worth. */
export function searchTable(effort: Effort): Table {
  const rows = SEARCH.map(([name, change]) => {
    const rule = { ...RULE, ...change };
    const nulls = (what: Omit<Campaign, 'runs'>) =>
      percent(many({ ...what, runs: 50 }, ours(rule), uniform(SEED), count(effort, 2000)).any);
    const found = [1, 2, 3].map((effect) =>
      many({ ...REAL, noise: gauss, effect }, ours(rule), uniform(SEED), count(effort, 800)),
    );
    return [
      name,
      nulls({ noise: gauss }),
      nulls({ noise: NOISES.lognormal ?? gauss }),
      nulls({ noise: gauss, spread: 3 }),
      found.map(({ power }) => percent(power, 0)).join(' / '),
      found.map(({ extra }) => `+${percent(extra, 0)} %`).join(' / '),
    ];
  });
  return {
    title: 'The search: one constant changed at a time, 50 candidates',
    head: [
      'rule',
      '% false, Gaussian',
      '% false, lognormal',
      '% false, three times as wide',
      '% found at 1 / 2 / 3 σ',
      'extra runs at 1 / 2 / 3 σ',
    ],
    rows,
  };
}

/** Confirmed gains: what is reported against what is true. */
export function shrinkTable(effort: Effort): Table {
  const rows = [1, 2, 3, 4].map((effect) => {
    const seen: { raw: number; estimate: number; inside: boolean; width: number }[] = [];
    const note: Parameters<typeof ours>[1] = ({ gain, error, dof, bound, last }, truly) => {
      if (gain === null || error === null || dof === null || bound === null || truly <= 0) return;
      const { estimate, low, high } = shrinkGain({ gain, error, dof, bound, last });
      seen.push({
        raw: gain - truly,
        estimate: estimate - truly,
        inside: low <= truly && truly <= high,
        width: high - low,
      });
    };
    const draw = uniform(SEED);
    for (let i = 0; i < count(effort, 1500); i++)
      campaign({ ...REAL, noise: gauss, effect }, ours(RULE, note), draw);
    const average = (pick: (one: (typeof seen)[number]) => number) =>
      seen.length === 0 ? '–' : (seen.reduce((sum, one) => sum + pick(one), 0) / seen.length).toFixed(2);
    const inside = seen.length === 0 ? null : seen.filter((one) => one.inside).length / seen.length;
    return [
      String(effect),
      average(({ raw }) => raw),
      average(({ estimate }) => estimate),
      percent(inside),
      average(({ width }) => width),
      String(seen.length),
    ];
  });
  return {
    title: 'Confirmed gains: mean of reported minus true gain, in σ',
    head: [
      'true gain in σ',
      'bias of the raw gain',
      'bias of the shrunk gain',
      '% of 95 % intervals that hold it',
      'mean width in σ',
      'gains',
    ],
    rows,
  };
}

/** A champion on three fresh seeds against a baseline of nine. */
export function retestTable(effort: Effort): Table {
  const rows = [0, 0.5, 1, 2, 3].map((effect) => {
    const draw = uniform(SEED);
    const times = count(effort, 10_000);
    let [stands, runs] = [0, 0];
    for (let i = 0; i < times; i++) {
      const decided = again(effect, draw);
      if (decided.decision === 'stands') stands++;
      runs += decided.used.champion;
    }
    return [
      String(effect),
      percent(stands / times, 0),
      percent(1 - stands / times, 0),
      (runs / times).toFixed(1),
    ];
  });
  return {
    title:
      'A champion tested again on at most 3 fresh seeds against a baseline of 9, its 5 confirmation values in the noise scale',
    head: ['true gain in σ', '% stands', '% withdrawn', 'runs'],
    rows,
  };
}

function again(effect: number, draw: Draw) {
  const values = (size: number, level: number) => Array.from({ length: size }, () => level + gauss(draw));
  const [baseline, others, champion] = [values(9, 0), [values(5, effect)], values(1, effect)];
  for (;;) {
    const decided = retest({ direction: 'maximize', champion, baseline, others, seeds: 3 });
    if (decided.decision !== 'continue') return decided;
    champion.push(...values(1, effect));
  }
}

/** Markdown. */
export function render({ title, head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [`### ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n');
}
