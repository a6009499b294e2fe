import { type Classified, classifyEnding, type EndingFacts } from '../../core/ending.js';
import type { EndRecord, VerdictRecord } from '../../core/ledger.js';
import type { JsonNumber } from '../../core/metric.js';
import { guardedMetrics } from '../../core/ruling/guard-reading.js';
import { isUndecided, type RunRecord } from '../../core/run-record.js';
import { appendLedger, readCampaign } from '../../store/ledger.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import { readMark, writeMark } from '../../store/records.js';
import { writeRun } from '../../store/runs.js';
import { unlikeConditions } from './conditions.js';
import { decide, judged, markJudged } from './decide.js';
import { lockedVerdict } from './locked.js';

/** The record of a run that is over: its ending and evidence, and what its start left there. `endedAt` in milliseconds. */
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
    evidence: [...classified.evidence, ...notes, ...record.evidence].map((line) => line.slice(0, 500)),
    note: null,
  };
}

/**
 * Writes what is known of an ended run wherever it is missing: run.json, the ledger's end, what the keep rule says of it by
 * now, the mark that wakes those who wait. May be called again at any time; what is there is left alone. Throws when the
 * disk refuses: the mark is written even then, and the rest by a later call.
 */
export function settle(
  project: Project,
  ended: RunRecord,
  now: number,
  refusals: ReadonlyMap<string, string> = new Map(),
): void {
  const { paths } = project;
  const folder = runPaths(paths.runs, ended.id).record;
  let verdict: VerdictRecord | null = null;
  let pending = false;
  try {
    writeRun(paths.runs, ended, { mayLose: 'newest' });
    const before = readCampaign(paths.ledger).campaign;
    if (before.runs.get(ended.id)?.end == null) {
      appendLedger(paths.ledger, endRecord(ended, project, found(project, ended, before.baseline, now)));
    }
    const { campaign } = decide(project, now, refusals);
    verdict = campaign.runs.get(ended.id)?.verdict ?? null;
    pending = verdict === null;
    if (verdict !== null && isUndecided(ended)) writeRun(paths.runs, judged(ended, campaign, verdict));
    else if (pending)
      writeRun(paths.runs, { ...ended, note: 'ended; its verdict takes runs on other seeds' });
  } finally {
    markEnded(folder, ended, pending);
    if (verdict !== null) markJudged(folder, verdict.status);
  }
}

/** The mark alone: it is written even on a full disk, and wakes those who wait. `pending`: the verdict comes later. */
export function markEnded(folder: string, record: RunRecord, pending = false): void {
  if (readMark(folder, 'ended') !== null) return;
  const rc = record.exit_code === null ? {} : { rc: record.exit_code };
  writeMark(folder, 'ended', {
    ending: record.ending ?? 'lost',
    ...rc,
    ...(pending ? { judged: 'later' } : {}),
  });
}

/** What was seen of a run beside its metrics: why it does not count, and what a person should know of its conditions. */
function found(
  project: Project,
  ended: RunRecord,
  baseline: string | null,
  now: number,
): Pick<EndRecord, 'invalid' | 'conditions'> {
  if (ended.started_at === null) return {};
  const touched = lockedVerdict(project, ended, baseline, now);
  const unlike = unlikeConditions(project, ended, baseline);
  const counts = unlike === null || !unlike.certain || !project.config.experiment.fixed_time;
  const invalid = touched ?? (counts ? null : `not comparable after a fixed time: ${unlike.words}`);
  return {
    ...(invalid === null ? {} : { invalid }),
    ...(unlike === null ? {} : { conditions: unlike.words }),
  };
}

function endRecord(
  record: RunRecord,
  project: Project,
  seen: Pick<EndRecord, 'invalid' | 'conditions'>,
): EndRecord {
  const { guards } = project.config.experiment;
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
    ...seen,
    ...(guards.length === 0 ? {} : { others: lastValues(record, guards) }),
  };
}

/** The last values of the metrics that guards look at, as far as they were seen. */
function lastValues({ metrics }: RunRecord, guards: readonly string[]): Record<string, JsonNumber> {
  const named = guardedMetrics(guards).flatMap((name) => {
    const seen = metrics[name];
    return seen === undefined ? [] : [[name, seen.last] as const];
  });
  return Object.fromEntries(named);
}
