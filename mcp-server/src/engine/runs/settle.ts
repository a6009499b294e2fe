import type { Campaign, CampaignRun } from '../../core/campaign.js';
import { type Classified, classifyEnding, type EndingFacts } from '../../core/ending.js';
import type { EndRecord } from '../../core/ledger.js';
import type { RunRecord } from '../../core/run-record.js';
import { judge, type Reference } from '../../core/verdict.js';
import { appendLedger, readCampaign } from '../../store/ledger.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import { readMark, writeMark } from '../../store/records.js';
import { writeRun } from '../../store/runs.js';
import { voided } from './voided.js';

/** The record of a run that is over: its ending and evidence. `endedAt` in milliseconds. */
export function endedRecord(
  record: RunRecord,
  facts: EndingFacts,
  endedAt: number,
  notes: readonly string[],
): RunRecord {
  const classified: Classified = classifyEnding(facts);
  return {
    ...record,
    state: 'ended',
    ended_at: new Date(endedAt).toISOString(),
    ending: classified.ending,
    exit_code: classified.exit_code,
    signal: classified.signal,
    evidence: [...classified.evidence, ...notes].map((line) => line.slice(0, 500)),
    note: null,
  };
}

/**
 * Writes what is known of an ended run wherever it is missing: run.json, the ledger's end and verdict, the mark that
 * wakes those who wait. May be called again at any time; what is there is left alone. Throws when the disk refuses:
 * the mark is written even then, and the rest by a later call.
 */
export function settle(project: Project, ended: RunRecord, now: number): RunRecord {
  const { paths } = project;
  const folder = runPaths(paths.runs, ended.id).record;
  let done = ended;
  try {
    writeRun(paths.runs, ended, { mayLose: 'newest' });
    done = withVerdict(project, ended, now);
    if (done.verdict_reason !== ended.verdict_reason) writeRun(paths.runs, done);
  } finally {
    markEnded(folder, done);
  }
  return done;
}

/** The mark alone: it is written even on a full disk, and wakes those who wait. */
export function markEnded(folder: string, record: RunRecord): void {
  if (readMark(folder, 'ended') !== null) return;
  const rc = record.exit_code === null ? {} : { rc: record.exit_code };
  writeMark(folder, 'ended', { ending: record.ending ?? 'lost', ...rc });
}

/** Appends the end and the verdict unless they are there. The ledger's word counts where it has spoken already. */
function withVerdict(project: Project, record: RunRecord, now: number): RunRecord {
  const { ledger } = project.paths;
  const { campaign } = readCampaign(ledger);
  const known = campaign.runs.get(record.id);
  const at = new Date(now).toISOString();
  const end = known?.end ?? endRecord(record);
  if (known?.end == null) appendLedger(ledger, end);
  const judgement =
    known?.verdict ??
    voided(project, record, campaign, now) ??
    judge(end, reference(campaign, campaign.baseline), reference(campaign, campaign.champion));
  if (known?.verdict == null) appendLedger(ledger, { kind: 'verdict', at, run: record.id, ...judgement });
  const role =
    judgement.status === null ? 'baseline' : campaign.baseline === null ? record.role : 'candidate';
  return { ...record, role, verdict: judgement.status, verdict_reason: judgement.reason };
}

function endRecord(record: RunRecord): EndRecord {
  const begin = record.started_at === null ? null : Date.parse(record.started_at);
  const over = Date.parse(record.ended_at ?? record.created_at);
  const seconds = begin === null ? null : Math.max(0, (over - begin) / 1000);
  return {
    kind: 'end',
    at: new Date(over).toISOString(),
    run: record.id,
    ending: record.ending ?? 'lost',
    exit_code: record.exit_code,
    signal: record.signal,
    evidence: record.evidence.slice(0, 4),
    duration_s: seconds,
    gpu_hours: (record.gpus.length * (seconds ?? 0)) / 3600,
    metric: record.primary?.name ?? null,
    direction: record.primary?.direction ?? null,
    value: record.value,
  };
}

function reference(campaign: Campaign, id: string | null): Reference | null {
  const run: CampaignRun | undefined = id === null ? undefined : campaign.runs.get(id);
  if (run?.verdict == null) return null;
  return { run: run.id, value: run.verdict.value, metric: run.end?.metric ?? null };
}
