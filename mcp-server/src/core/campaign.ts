import { type Bill, emptyBill, pay, startCall } from './bill.js';
import { beginLoop, type LoopStanding, pushLatest, stepLoop } from './cycle.js';
import type { EndRecord, LedgerRecord, Plan, RecordOf, VerdictRecord } from './ledger.js';
import type { Past } from './past.js';
import type { StatedPrediction } from './predictions.js';

/** All that the ledger says of one run. */
export interface CampaignRun {
  id: string;
  launch: RecordOf<'launch'> | null;
  end: EndRecord | null;
  verdict: VerdictRecord | null;
  /** What its plan said in advance. */
  prediction: StatedPrediction | null;
  /** Set once its confirmation on fresh seeds has begun. */
  confirm: RecordOf<'confirm'> | null;
  /** Set when it would have been stopped early. */
  early: RecordOf<'early'> | null;
  /** Set when it was the best and failed a later test. */
  withdrawn: RecordOf<'withdraw'> | null;
  /** A decision about it was written: the cycle has reflected on it. */
  reflected: boolean;
  /** Which one it was to end among those that repeat no other, from 1. */
  nth: number | null;
}

/** What a host agent may do unattended, from `set_campaign` to its end. A cycle is a candidate that was launched. */
export interface Contract {
  since: string;
  maxCycles: number;
  cyclesUsed: number;
  /** Indices; null = as the config says. */
  gpus: number[] | null;
}

/** The ledger replayed: what was tried, what it gave, what is best. */
export interface Campaign {
  runs: Map<string, CampaignRun>;
  /** In the order in which runs ended. */
  ended: string[];
  /** How many of these repeat no other. */
  own: number;
  plans: Plan[];
  /** When the latest plans were made, oldest first; of those within any hour all are kept. */
  planned: string[];
  planOf: Map<string, Plan>;
  /** Run of a plan, by the plan's id. */
  runOf: Map<string, string>;
  /** Plans that were neither launched nor dropped, in their order. */
  unlaunched: Set<string>;
  /** Runs without a verdict. */
  unjudged: Set<string>;
  /** Judged runs on which nobody has reflected; those that repeat another are not among them. */
  unreflected: Set<string>;
  baseline: string | null;
  /** The best run so far; the baseline until something beats it. */
  champion: string | null;
  /** Runs that repeat another one on other seeds, by the run that they repeat, in the order of their launch. */
  replicates: Map<string, string[]>;
  confirmations: RecordOf<'confirm'>[];
  results: RecordOf<'result'>[];
  decisions: RecordOf<'decision'>[];
  /** Results and decisions in the order in which they were written: what the memory is made of. */
  entries: (RecordOf<'result'> | RecordOf<'decision'>)[];
  dryRuns: Map<string, RecordOf<'dry_run'>>;
  /** Directives by id, the last word on each. */
  directives: Map<string, RecordOf<'directive'>>;
  /** What the leader said it does about a directive, by the directive's id. */
  heeded: Map<string, string>;
  gpuHours: number;
  startedAt: string | null;
  stopped: RecordOf<'stop'> | null;
  /** Null where no host agent has a campaign under way. */
  contract: Contract | null;
  /** Where the cycle with a model stands. */
  loop: LoopStanding;
  bill: Bill;
  /** What is left of runs and plans that were let go, where the campaign is followed for long; null = all is here. */
  past: Past | null;
}

/** A campaign of which nothing was let go: what is decided by all of its runs must be asked of such a one. */
export type WholeCampaign = Campaign & { past: null };

/**
 * Replays the ledger. The first record of a kind about a run counts and later ones are ignored, so that a record
 * written twice (a process killed between the act and its note) changes nothing.
 */
export function replay(records: Iterable<LedgerRecord>): WholeCampaign {
  const campaign: WholeCampaign = {
    runs: new Map(),
    ended: [],
    own: 0,
    plans: [],
    planned: [],
    planOf: new Map(),
    runOf: new Map(),
    unlaunched: new Set(),
    unjudged: new Set(),
    unreflected: new Set(),
    baseline: null,
    champion: null,
    replicates: new Map(),
    confirmations: [],
    results: [],
    decisions: [],
    entries: [],
    dryRuns: new Map(),
    directives: new Map(),
    heeded: new Map(),
    gpuHours: 0,
    startedAt: null,
    stopped: null,
    contract: null,
    loop: beginLoop(),
    bill: emptyBill(),
    past: null,
  };
  for (const record of records) apply(campaign, record);
  return campaign;
}

const OF_RUN: ReadonlySet<LedgerRecord['kind']> = new Set([
  'launch',
  'end',
  'verdict',
  'confirm',
  'early',
  'withdraw',
  'hypothesis',
]);

/** Takes in one more record, as `replay` does. */
export function apply(campaign: Campaign, record: LedgerRecord): void {
  stepLoop(campaign.loop, record, campaign.unjudged.size > 0);
  // Said again of a run that was let go: it was the first word that counted.
  if (OF_RUN.has(record.kind) && 'run' in record && campaign.past?.runs.has(record.run ?? '')) return;
  switch (record.kind) {
    case 'plan':
      if (!campaign.planOf.has(record.id)) {
        campaign.plans.push(record);
        pushLatest(campaign.planned, record.at);
        campaign.planOf.set(record.id, record);
        if (!campaign.runOf.has(record.id)) campaign.unlaunched.add(record.id);
      }
      heed(campaign, record);
      campaign.stopped = null;
      return;
    case 'drop':
      campaign.unlaunched.delete(record.plan);
      return;
    case 'thought':
      heed(campaign, record);
      campaign.stopped = null;
      return;
    case 'call':
      startCall(campaign.bill, record);
      return;
    case 'usage':
      pay(campaign.bill, record);
      return;
    case 'launch': {
      const run = runOf(campaign, record.run);
      if (record.plan !== null && !campaign.runOf.has(record.plan))
        campaign.runOf.set(record.plan, record.run);
      if (record.plan !== null) campaign.unlaunched.delete(record.plan);
      if (run.verdict === null) campaign.unjudged.add(record.run);
      if (record.replicate !== undefined) campaign.unreflected.delete(record.run);
      if (run.launch === null && record.replicate !== undefined) {
        const { arm } = record.replicate;
        campaign.replicates.set(arm, [...(campaign.replicates.get(arm) ?? []), record.run]);
      } else if (run.launch === null && record.role === 'candidate' && campaign.contract !== null) {
        campaign.contract = { ...campaign.contract, cyclesUsed: campaign.contract.cyclesUsed + 1 };
      }
      run.launch ??= record;
      run.prediction ??= campaign.planOf.get(record.plan ?? '')?.prediction ?? null;
      campaign.startedAt ??= record.at;
      return;
    }
    case 'end': {
      const run = runOf(campaign, record.run);
      if (run.end !== null) return;
      run.end = record;
      campaign.ended.push(record.run);
      if (run.launch?.replicate === undefined) run.nth = campaign.own += 1;
      campaign.gpuHours += record.gpu_hours;
      return;
    }
    case 'verdict': {
      const run = runOf(campaign, record.run);
      if (run.verdict !== null) return;
      run.verdict = record;
      campaign.unjudged.delete(record.run);
      if (run.launch?.replicate === undefined && !run.reflected) campaign.unreflected.add(record.run);
      if (record.status === null && run.launch?.replicate === undefined) campaign.baseline ??= record.run;
      if (record.kept) campaign.champion = record.run;
      return;
    }
    case 'confirm': {
      const run = runOf(campaign, record.run);
      if (run.confirm !== null) return;
      run.confirm = record;
      campaign.confirmations.push(record);
      return;
    }
    case 'early':
      runOf(campaign, record.run).early ??= record;
      return;
    case 'withdraw': {
      const run = runOf(campaign, record.run);
      if (run.withdrawn !== null) return;
      run.withdrawn = record;
      if (campaign.champion === record.run) campaign.champion = record.to;
      return;
    }
    case 'decision':
      if (record.run !== null && !campaign.past?.runs.has(record.run)) {
        runOf(campaign, record.run).reflected = true;
        campaign.unreflected.delete(record.run);
      }
      campaign.decisions.push(record);
      campaign.entries.push(record);
      return;
    case 'result':
      campaign.results.push(record);
      campaign.entries.push(record);
      return;
    case 'dry_run':
      campaign.dryRuns.set(record.fingerprint, record);
      return;
    case 'directive':
      campaign.directives.set(record.id, record);
      return;
    case 'campaign':
      campaign.contract = {
        since: campaign.contract?.since ?? record.at,
        maxCycles: record.max_cycles,
        cyclesUsed: campaign.contract?.cyclesUsed ?? 0,
        gpus: record.gpus,
      };
      campaign.stopped = null;
      return;
    case 'stop':
      campaign.stopped = record;
      campaign.contract = null;
      return;
    case 'hypothesis':
      if (record.prediction !== undefined) runOf(campaign, record.run).prediction ??= record.prediction;
      return;
    case 'start':
    case 'step':
    case 'swept':
      return;
  }
}

function heed(campaign: Campaign, { heeds }: Pick<Plan, 'heeds'>): void {
  for (const id of heeds?.ids ?? [])
    if (!campaign.heeded.has(id)) campaign.heeded.set(id, heeds?.words ?? '');
}

function runOf(campaign: Campaign, id: string): CampaignRun {
  const known = campaign.runs.get(id);
  if (known !== undefined) return known;
  const run: CampaignRun = {
    id,
    launch: null,
    end: null,
    verdict: null,
    prediction: null,
    confirm: null,
    early: null,
    withdrawn: null,
    reflected: false,
    nth: null,
  };
  campaign.runs.set(id, run);
  return run;
}

/** The earlier run that did or does the same work, or null. One that ended for a reason outside of it does not count. */
export function sameWork(campaign: WholeCampaign, key: string | null): string | null {
  if (key === null) return null;
  for (const { id, launch, end } of campaign.runs.values()) {
    if (launch?.key !== key || launch.replicate !== undefined) continue;
    if (end === null || end.ending === 'succeeded' || end.ending === 'diverged') return id;
  }
  return null;
}

export function usedSeeds(campaign: WholeCampaign): Set<number> {
  return new Set([...campaign.runs.values()].flatMap(({ launch }) => launch?.seed ?? []));
}
