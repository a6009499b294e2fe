import type { CampaignRun } from '../../core/campaign.js';
import { Ending, type RunView } from '../../core/run.js';
import type { RunRecord } from '../../core/run-record.js';
import type { ProjectPaths } from '../../store/paths.js';
import { runPaths } from '../../store/paths.js';
import { readMark } from '../../store/records.js';

/**
 * A run as it stands this instant: `run.json`, overlaid by the record links, which are newer while the supervisor is
 * away or the disk is full.
 */
export function viewRun(
  paths: ProjectPaths,
  record: RunRecord,
  known: CampaignRun | undefined,
  now: number,
): RunView {
  const files = runPaths(paths.runs, record.id);
  const live = record.state === 'ended' ? record : overlay(record, files.record);
  const verdict = known?.verdict ?? null;
  const begin = live.started_at === null ? null : Date.parse(live.started_at);
  const end = live.ended_at === null ? now : Date.parse(live.ended_at);
  const { primary } = live;
  return {
    id: live.id,
    state: isInQueue(live) ? 'queued' : live.state,
    ending: live.ending,
    exit_code: live.exit_code,
    signal: live.signal,
    evidence: live.evidence,
    command: live.command,
    gpus: live.gpus,
    created_at: live.created_at,
    started_at: live.started_at,
    ended_at: live.ended_at,
    duration_s: begin === null ? null : Number(Math.max(0, (end - begin) / 1000).toFixed(3)),
    metrics: live.metrics,
    primary:
      primary === null
        ? null
        : {
            name: primary.name,
            direction: primary.direction,
            value: known?.end?.value ?? live.value,
          },
    role: live.role,
    verdict: known?.withdrawn == null ? (verdict?.status ?? live.verdict) : 'inconclusive',
    verdict_reason: known?.withdrawn?.reason ?? verdict?.reason ?? live.verdict_reason,
    gain: known?.withdrawn == null ? (verdict?.gain ?? null) : null,
    flags: verdict?.flags ?? [],
    interval: verdict?.interval ?? null,
    seed: live.seed,
    replicate_of: live.replicate?.arm ?? null,
    title: live.title,
    note: live.note,
    progress: live.progress,
    log: files.log,
  };
}

/** Submitted to a scheduler, and not yet started by it. */
const isInQueue = ({ state, slurm, started_at }: RunRecord): boolean =>
  state === 'running' && slurm !== null && started_at === null;

function overlay(record: RunRecord, folder: string): RunRecord {
  const ended = readMark(folder, 'ended');
  if (ended !== null) {
    const ending = Ending.safeParse(ended.fields.ending);
    const code = Number(ended.fields.rc);
    return {
      ...record,
      state: 'ended',
      ended_at: new Date(ended.at).toISOString(),
      ending: ending.success ? ending.data : 'lost',
      exit_code: ended.fields.rc === undefined || !Number.isInteger(code) ? null : code,
      note: 'its full record could not be written yet: the disk may be full; free some space and it is completed',
    };
  }
  const exited = readMark(folder, 'exited');
  // A job of Slurm that was ended may be waiting to start anew.
  if (exited !== null && (record.slurm === null || record.note === null)) {
    const rc = exited.fields.rc;
    return {
      ...record,
      state: 'running',
      note: `its command has ended${rc === undefined ? '' : ` with exit code ${rc}`}; it is being judged`,
    };
  }
  const started = readMark(folder, 'started');
  if (started === null || record.state === 'running') return record;
  return { ...record, state: 'running', started_at: new Date(started.at).toISOString() };
}
