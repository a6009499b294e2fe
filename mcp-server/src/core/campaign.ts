import type { EndRecord, LedgerRecord, Plan, RecordOf, VerdictRecord } from './ledger.js';

/** All that the ledger says of one run. */
export interface CampaignRun {
  id: string;
  launch: RecordOf<'launch'> | null;
  end: EndRecord | null;
  verdict: VerdictRecord | null;
  /** A decision about it was written: the cycle has reflected on it. */
  reflected: boolean;
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
  plans: Plan[];
  baseline: string | null;
  /** The best run so far; the baseline until something beats it. */
  champion: string | null;
  results: RecordOf<'result'>[];
  decisions: RecordOf<'decision'>[];
  dryRuns: Map<string, RecordOf<'dry_run'>>;
  /** Directives by id, the last word on each. */
  directives: Map<string, RecordOf<'directive'>>;
  gpuHours: number;
  startedAt: string | null;
  stopped: RecordOf<'stop'> | null;
  /** Null where no host agent has a campaign under way. */
  contract: Contract | null;
}

/**
 * Replays the ledger. The first record of a kind about a run counts and later ones are ignored, so that a record
 * written twice (a process killed between the act and its note) changes nothing.
 */
export function replay(records: Iterable<LedgerRecord>): Campaign {
  const campaign: Campaign = {
    runs: new Map(),
    ended: [],
    plans: [],
    baseline: null,
    champion: null,
    results: [],
    decisions: [],
    dryRuns: new Map(),
    directives: new Map(),
    gpuHours: 0,
    startedAt: null,
    stopped: null,
    contract: null,
  };
  for (const record of records) apply(campaign, record);
  return campaign;
}

function apply(campaign: Campaign, record: LedgerRecord): void {
  switch (record.kind) {
    case 'plan':
      if (!campaign.plans.some((plan) => plan.id === record.id)) campaign.plans.push(record);
      campaign.stopped = null;
      return;
    case 'launch': {
      const run = runOf(campaign, record.run);
      if (run.launch === null && record.role === 'candidate' && campaign.contract !== null)
        campaign.contract.cyclesUsed += 1;
      run.launch ??= record;
      campaign.startedAt ??= record.at;
      return;
    }
    case 'end': {
      const run = runOf(campaign, record.run);
      if (run.end !== null) return;
      run.end = record;
      campaign.ended.push(record.run);
      campaign.gpuHours += record.gpu_hours;
      return;
    }
    case 'verdict': {
      const run = runOf(campaign, record.run);
      if (run.verdict !== null) return;
      run.verdict = record;
      if (record.status === null) campaign.baseline ??= record.run;
      if (record.kept) campaign.champion = record.run;
      return;
    }
    case 'decision':
      if (record.run !== null) runOf(campaign, record.run).reflected = true;
      campaign.decisions.push(record);
      return;
    case 'result':
      campaign.results.push(record);
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
    case 'start':
    case 'hypothesis':
      return;
  }
}

function runOf(campaign: Campaign, id: string): CampaignRun {
  const known = campaign.runs.get(id);
  if (known !== undefined) return known;
  const run: CampaignRun = { id, launch: null, end: null, verdict: null, reflected: false };
  campaign.runs.set(id, run);
  return run;
}
