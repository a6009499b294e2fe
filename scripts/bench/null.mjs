// How often the keep rule keeps noise, and what it finds: npm run bench:null [-- --campaigns 1000 --long 200 --driven 100]
import { parseArgs } from 'node:util';
import { NOISES, world } from './null/draws.mjs';
import { driveCampaign } from './null/drive.mjs';
import { fastCampaign } from './null/fast.mjs';
import { madScore, strictCampaign, threeSeedsCampaign } from './null/rivals.mjs';
import { loadRules } from './null/rules.mjs';

const { values: given } = parseArgs({
  options: {
    campaigns: { type: 'string', default: '1000' },
    long: { type: 'string', default: '200' },
    driven: { type: 'string', default: '100' },
  },
});
const [campaigns, long, driven] = [given.campaigns, given.long, given.driven].map(Number);
const ALPHA = 0.05;
const core = await loadRules();
const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)} %`;
/** With the Monte-Carlo standard error, that of one more false keep at the least. */
const measured = (count, of) => {
  const share = count / of;
  return `${percent(share)} ± ${percent(Math.sqrt(Math.max(share * (1 - share), 1 / of) / of))}`;
};
const kept = ({ log }) => log.filter(({ kind }) => kind === 'confirmed');
const row = (...cells) => console.log(`| ${cells.join(' | ')} |`);
const head = (...cells) => {
  row(...cells);
  row(...cells.map(() => '---'));
};

console.log('Null campaigns: share with any false keep (± its Monte-Carlo standard error)\n');
head('noise', 'runs', 'campaigns', 'keep rule', 'strict <', 'best/MAD ≥ 2', 'extra runs', 'promoted');
let worst = 0;
for (const [name, noise] of Object.entries(NOISES)) {
  for (const runs of [10, 50, 100, 700]) {
    const of = runs > 100 ? long : campaigns;
    const sum = { rule: 0, strict: 0, mad: 0, extra: 0, promoted: 0 };
    for (let seed = 0; seed < of; seed++) {
      const one = { value: world(noise, seed), runs };
      const found = fastCampaign(core, one);
      sum.rule += kept(found).length > 0;
      sum.extra += found.extra;
      sum.promoted += found.log.filter(({ kind }) => kind !== 'withdraw').length;
      sum.strict += strictCampaign(one).keeps.length > 0;
      sum.mad += madScore(one) >= 2;
    }
    const share = sum.rule / of;
    worst = Math.max(worst, (share - ALPHA) / Math.sqrt((ALPHA * (1 - ALPHA)) / of));
    const rest = [percent(sum.strict / of, 0), percent(sum.mad / of, 0)];
    row(
      name,
      runs,
      of,
      measured(sum.rule, of),
      ...rest,
      (sum.extra / of).toFixed(1),
      (sum.promoted / of).toFixed(1),
    );
  }
}
console.log(`\nhighest share against ${ALPHA}: ${worst.toFixed(1)} Monte-Carlo standard errors\n`);

console.log(
  'Campaigns of 50 runs, Gaussian, every tenth candidate better than the best so far, the others equal to it\n',
);
head(
  'effect',
  'rule',
  'real ones found',
  'any false keep',
  'extra per candidate',
  'extra per campaign',
  'true keeps withdrawn',
);
const runs = 50;
const isReal = (arm) => arm % 10 === 5;
const shrink = new Map();
for (const effect of [0.5, 1, 2, 3]) {
  const shrunk = { n: 0, raw: 0, estimate: 0, covered: 0 };
  const rules = {
    'keep rule': (one) => {
      const found = fastCampaign(core, one);
      for (const { look, gain } of kept(found)) {
        const told = core.shrinkGain(look);
        shrunk.n += 1;
        shrunk.raw += look.gain - gain;
        shrunk.estimate += told.estimate - gain;
        shrunk.covered += told.low <= gain && gain <= told.high;
      }
      const gone = found.log.filter((entry) => entry.kind === 'withdraw' && entry.true).length;
      return { keeps: kept(found), extra: found.extra, gone };
    },
    'strict <': strictCampaign,
    '3 against 3, Welch, Bonferroni': (one) => threeSeedsCampaign(core, { ...one, level: ALPHA }),
    'always 3 seeds, better mean': (one) => threeSeedsCampaign(core, one),
  };
  for (const [name, campaign] of Object.entries(rules)) {
    const sum = { found: 0, wrong: 0, extra: 0, gone: 0 };
    for (let seed = 0; seed < campaigns; seed++) {
      const {
        keeps,
        extra,
        gone = 0,
      } = campaign({ value: world(NOISES.Gaussian, seed), runs, isReal, effect });
      sum.found += keeps.filter(({ real }) => real).length;
      sum.wrong += keeps.some(({ real }) => !real);
      sum.extra += extra;
      sum.gone += gone;
    }
    const real = campaigns * Array.from({ length: runs }, (_, arm) => arm).filter(isReal).length;
    const cost = [(sum.extra / campaigns / (runs - 1)).toFixed(2), (sum.extra / campaigns).toFixed(1)];
    const gone = name === 'keep rule' ? `${sum.gone} of ${sum.found}` : '';
    row(`${effect} σ`, name, percent(sum.found / real), measured(sum.wrong, campaigns), ...cost, gone);
  }
  shrink.set(effect, shrunk);
}

console.log('\nWhat is reported of a confirmed gain, against the truth (in σ)\n');
head('effect', 'confirmed', 'bias of the raw gain', 'bias as reported', '95 % interval covers');
for (const [effect, { n, raw, estimate, covered }] of shrink) {
  const mean = (total) => (n === 0 ? '' : (total / n).toFixed(2));
  row(`${effect} σ`, n, mean(raw), mean(estimate), n === 0 ? '' : percent(covered / n));
}

let same = 0;
for (let seed = 0; seed < driven; seed++) {
  const effect = seed % 4;
  const one = {
    value: world(NOISES.Gaussian, seed),
    runs: 30,
    effect,
    isReal: (arm) => effect > 0 && isReal(arm),
  };
  const words = ({ log, extra }) => JSON.stringify([log.map(({ kind, arm }) => [kind, arm]), extra]);
  same += words(driveCampaign(core, one)) === words(fastCampaign(core, one));
}
console.log(
  `\nrule() over campaigns in memory: ${same} of ${driven} decide and cost the same, run for run, as the loop above`,
);
// Four standard errors: a sound rule is never told broken by its luck in forty rows.
if (worst > 4 || same !== driven) process.exitCode = 1;
