import { loseCall } from './bill.js';
import type { Campaign, CampaignRun } from './campaign.js';
import { bestBefore } from './leaderboard.js';
import { emptyPast, type Past } from './past.js';
import { printOf } from './plan.js';
import { standingOrder } from './standing-order.js';
import { isOwnTrial, trialsOf } from './sweep/trials.js';

/** Of each list, the latest so many are kept whole; it is done when there are twice as many. */
const KEPT = 200;
/** Calls without an outcome that are kept one by one: more of them were cut short by kills. */
const OPEN_CALLS = 16;

/** Whether it is worth the while to let go of something. */
export function isLong({ runs, plans, entries, directives, dryRuns, bill }: Campaign): boolean {
  const most = Math.max(runs.size, plans.length, entries.length, directives.size, dryRuns.size);
  return most > 2 * KEPT || bill.open.size > 2 * OPEN_CALLS;
}

/**
 * Lets go of what the loop never looks at again, so that a controller of years does not grow with its ledger: runs that
 * were judged and reflected on, their plans, entries of the memory. Of each run its id stays, that an equal plan is known
 * again, and what it gave as a trial; the rest becomes sums (`Past`). What is open, the latest `kept`, the baseline, the
 * best so far with those before it, and the best values stay whole. The keep rule is not to be asked of what remains.
 */
export function forget(campaign: Campaign, kept = KEPT): void {
  const past = campaign.past ?? emptyPast();
  campaign.past = past;
  const { plans, runs, planOf, runOf } = campaign;
  const own = new Set([...plans.slice(-kept).map(({ id }) => id), ...openPlans(campaign)]);
  const staying = runsThatStay(campaign, kept, own);
  for (const id of staying) {
    const plan = runs.get(id)?.launch?.plan;
    if (plan != null) own.add(plan);
  }
  for (const plan of plans.slice(0, -kept)) {
    const run = runs.get(runOf.get(plan.id) ?? '');
    const over = run === undefined ? !campaign.unlaunched.has(plan.id) : run.verdict !== null;
    if (over && isOwnTrial(plan) && !past.counted.has(plan.id)) {
      past.trials.push(...trialsOf(campaign, [plan]));
      past.counted.add(plan.id);
    }
  }
  campaign.plans = plans.filter((plan) => {
    if (own.has(plan.id)) return true;
    const run = runs.get(runOf.get(plan.id) ?? '');
    if (run?.end?.ending === 'succeeded' || run?.end?.ending === 'diverged') {
      const print = printOf(plan);
      if (!past.tried.has(print)) past.tried.set(print, run.id);
    }
    past.plans += 1;
    past.counted.delete(plan.id);
    planOf.delete(plan.id);
    runOf.delete(plan.id);
    return false;
  });
  for (const run of runs.values()) if (!staying.has(run.id)) letGo(campaign, past, run);
  campaign.ended = campaign.ended.filter((id) => staying.has(id));
  campaign.confirmations = campaign.confirmations.filter(({ run }) => staying.has(run));
  forgetWords(campaign, past, kept);
}

/** Plans that something waits for: to be launched, to be named with a directive, or to end a sweep. */
function openPlans({ plans, unlaunched, directives, loop }: Campaign): string[] {
  const first = plans.find(({ role }) => role === 'baseline');
  const waited = plans.filter(
    ({ directive, sweep }) =>
      (directive !== undefined && directives.get(directive)?.state !== 'done') ||
      (sweep !== undefined && sweep === loop.sweep?.cycle),
  );
  return [...unlaunched, ...[first, ...waited].flatMap((plan) => plan?.id ?? [])];
}

function runsThatStay(campaign: Campaign, kept: number, plans: ReadonlySet<string>): Set<string> {
  const { runs, runOf, replicates, baseline, champion, unreflected, ended } = campaign;
  const all = [...runs.values()];
  const own = ended.flatMap((id) => runs.get(id) ?? []).filter(({ launch }) => !launch?.replicate);
  const staying = new Set([
    ...[...runs.keys()].slice(-kept),
    ...ended.slice(-kept),
    ...own.slice(-kept).map(({ id }) => id),
    ...all.filter(({ end, verdict }) => end === null || verdict === null).map(({ id }) => id),
    ...unreflected,
    ...[...plans].flatMap((plan) => runOf.get(plan) ?? []),
    ...(baseline === null ? [] : [baseline]),
    ...(['maximize', 'minimize'] as const).flatMap((way) => bestBefore(own, way).map(({ id }) => id)),
  ]);
  // Each of these is the best again when those after it are withdrawn.
  const chain = new Set<string>();
  for (let id = champion; id !== null && !chain.has(id); id = runs.get(id)?.confirm?.champion ?? null)
    chain.add(id);
  for (const id of chain) staying.add(id);
  // An arm stays or goes as a whole.
  for (const [arm, others] of replicates) {
    if (others.some((id) => staying.has(id))) staying.add(arm);
    if (staying.has(arm)) for (const id of others) staying.add(id);
  }
  return staying;
}

function letGo(campaign: Campaign, past: Past, { id, launch, end, verdict }: CampaignRun): void {
  past.runs.add(id);
  if (launch !== null) past.launched += 1;
  if (end !== null) past.ended += 1;
  if (launch?.replicate === undefined) {
    if (verdict?.status === 'confirmed') past.confirmed += 1;
    if (verdict?.status === 'crash') past.crashed += 1;
  }
  campaign.runs.delete(id);
  campaign.replicates.delete(id);
}

function forgetWords(campaign: Campaign, past: Past, kept: number): void {
  const { baseline, champion, decisions, entries, directives, heeded, dryRuns, bill } = campaign;
  const note = decisions.findLast(({ next }) => next !== undefined);
  campaign.decisions = decisions.filter((one, at) => one === note || at >= decisions.length - kept);
  campaign.results = campaign.results.slice(-kept);
  campaign.entries = entries.filter(
    ({ run }, at) => at >= entries.length - kept || (run !== null && (run === baseline || run === champion)),
  );
  past.entries += entries.length - campaign.entries.length;
  const order = standingOrder(campaign)?.id;
  for (const { id, state } of [...directives.values()].slice(0, -kept)) {
    if (state !== 'done' || id === order) continue;
    directives.delete(id);
    heeded.delete(id);
  }
  for (const print of [...dryRuns.keys()].slice(0, -kept)) dryRuns.delete(print);
  for (const call of [...bill.open.values()].slice(0, -OPEN_CALLS)) loseCall(bill, call);
}
