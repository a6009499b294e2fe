import { apply, type Campaign, type WholeCampaign } from '../../core/campaign.js';
import type { VerdictRecord } from '../../core/ledger.js';
import { rule } from '../../core/ruling/rule.js';
import { isUndecided, type RunRecord } from '../../core/run-record.js';
import { appendLedger, readCampaign } from '../../store/ledger.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import { readMark, writeMark } from '../../store/records.js';
import { readRun, writeRun } from '../../store/runs.js';
import type { WantedReplicate } from './replicate.js';

/**
 * Lets the keep rule speak until it wants a run, or nothing: its verdicts go into the ledger and into the runs that they are
 * about. `refusals` say of which runs no replicate can be launched, and why. Safe to be repeated after a kill at any
 * instant: what stands in the ledger is not decided again. Throws when the disk refuses.
 */
export function decide(
  project: Project,
  now: number,
  refusals: ReadonlyMap<string, string>,
): { campaign: WholeCampaign; wanted: WantedReplicate[] } {
  const { paths, config } = project;
  const { campaign } = readCampaign(paths.ledger);
  const rules = { experiment: config.experiment, refusal: (arm: string) => refusals.get(arm) ?? null };
  for (;;) {
    const rulings = rule(campaign, rules);
    const writes = rulings.flatMap((ruling) => (ruling.do === 'write' ? [ruling.record] : []));
    for (const write of writes) {
      const at = new Date(now).toISOString();
      const record = { ...write, at };
      // First what memory is told: repeated after a kill in between, the same line stands there once.
      if (record.kind === 'withdraw') {
        const text = `${record.run} is not the best any more, ${record.to} is: ${record.reason}`;
        appendLedger(paths.ledger, { kind: 'decision', at, run: record.run, text });
        appendLedger(paths.ledger, { kind: 'result', at, run: record.run, text });
      }
      appendLedger(paths.ledger, record);
      apply(campaign, record);
      if (record.kind === 'verdict') tellVerdict(project, campaign, record);
    }
    if (writes.length > 0) continue;
    return { campaign, wanted: rulings.flatMap((ruling) => (ruling.do === 'replicate' ? [ruling] : [])) };
  }
}

/** Writes a verdict into the run that it is about, and wakes those who wait for it. Null where the run is gone or not over. */
function tellVerdict(project: Project, campaign: Campaign, verdict: VerdictRecord): void {
  const { runs } = project.paths;
  const record = readRun(runs, verdict.run);
  if (isUndecided(record)) writeRun(runs, judged(record, campaign, verdict));
  markJudged(runPaths(runs, verdict.run).record, verdict.status);
}

/** The record of an ended run with what the keep rule says of it. */
export function judged(record: RunRecord, campaign: Campaign, verdict: VerdictRecord): RunRecord {
  const role =
    record.replicate !== null || campaign.baseline === null
      ? record.role
      : record.id === campaign.baseline
        ? 'baseline'
        : 'candidate';
  return { ...record, role, note: null, verdict: verdict.status, verdict_reason: verdict.reason };
}

/** Those who wait for the verdict of a run that ended before it could be judged are woken by this. */
export function markJudged(folder: string, status: VerdictRecord['status']): void {
  if (isPending(folder)) writeMark(folder, 'judged', { verdict: status ?? 'none' });
}

/** True for a run that has ended and whose verdict takes further runs. */
export function isPending(folder: string): boolean {
  return readMark(folder, 'ended')?.fields.judged === 'later' && readMark(folder, 'judged') === null;
}
