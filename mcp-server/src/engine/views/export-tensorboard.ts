import { join } from 'node:path';
import type { Campaign } from '../../core/campaign.js';
import { showCommand } from '../../core/command.js';
import { errorCode, LabError } from '../../core/errors.js';
import { codeSpan, escapeMarkdown as md } from '../../core/escape.js';
import { type EventRun, eventFile, type Setting } from '../../core/export/event-file.js';
import { settingsOfCommand } from '../../core/export/settings.js';
import type { RunRecord } from '../../core/run-record.js';
import { formatGain } from '../../core/units.js';
import { readTimedCurves } from '../../store/curves.js';
import { writeAtomic } from '../../store/files.js';
import { readCampaign } from '../../store/ledger.js';
import { runPaths } from '../../store/paths.js';
import { makeFolders, type Project, storageError } from '../../store/project.js';
import { readRun, readRuns } from '../../store/runs.js';

export interface Exported {
  folder: string;
  runs: { run: string; file: string; points: number }[];
}

/**
 * Writes runs as event files of TensorBoard, a folder each: curves, settings (HPARAMS, seeds of one idea grouped), and what
 * was decided (TEXT). Written again, a run's file is replaced. Throws LabError for unknown runs.
 */
export function exportTensorboard(project: Project, only: readonly string[], folder: string): Exported {
  const { paths } = project;
  const { campaign } = readCampaign(paths.ledger);
  const records = only.length > 0 ? only.map((id) => readRun(paths.runs, id)) : readRuns(paths.runs).records;
  const started = records.filter((record) => record.started_at !== null);
  if (started.length === 0)
    throw new LabError('no run has started yet, so there is nothing to export', 'see auto-experiment status');
  const runs: Exported['runs'] = [];
  for (const record of started) {
    const run = eventRun(project, campaign, record);
    const at = join(folder, folderName(record));
    const file = join(at, `events.out.tfevents.${Math.floor(run.startedAt / 1000)}.auto-experiment`);
    try {
      makeFolders(at);
      writeAtomic(file, Buffer.concat([...eventFile(run)]), { mayLose: 'all' });
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      throw storageError(error, file);
    }
    const points = [...run.curves.values()].reduce((sum, curve) => sum + curve.length, 0);
    runs.push({ run: record.id, file, points });
  }
  return { folder, runs };
}

/** The name under which TensorBoard lists it. */
function folderName({ id, title }: RunRecord): string {
  const words = title
    .replace(/[^A-Za-z0-9=.+-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 40);
  return words === '' ? id : `${id}-${words}`;
}

function eventRun({ paths }: Project, campaign: Campaign, record: RunRecord): EventRun {
  const known = campaign.runs.get(record.id);
  const arm = record.replicate?.arm ?? record.id;
  const verdict = known?.verdict ?? null;
  const plan = campaign.plans.find((one) => one.id === campaign.runs.get(arm)?.launch?.plan);
  const startedAt = Date.parse(record.started_at ?? record.created_at);
  const endedAt = record.ended_at === null ? null : Date.parse(record.ended_at);
  // What was read again after a restart was read later than it was written.
  const within = (t: number): number => Math.min(Math.max(t, startedAt), endedAt ?? t);
  const curves = [...readTimedCurves(runPaths(paths.runs, record.id).metrics)].map(
    ([name, points]) => [name, points.map((point) => ({ ...point, t: within(point.t) }))] as const,
  );
  const named = Object.entries(settingsOfCommand(record.command));
  const settings: Record<string, Setting> = {
    // The seeds of one idea are one group there, which has the same settings throughout.
    ...Object.fromEntries(named.filter(([, value]) => record.seed === null || value !== record.seed)),
    ...(plan?.assignment ?? {}),
    verdict: verdict?.status ?? (campaign.baseline === arm ? 'baseline' : 'none'),
  };
  const gain = verdict?.gain == null ? '' : ` Gain over the baseline: ${formatGain(verdict.gain)}.`;
  const summary = [
    `**${record.id}** ${md(record.title)}`,
    `Ending: ${record.ending ?? record.state}. Verdict: ${verdict?.status ?? 'none'}.${gain} ${md(verdict?.reason ?? '')}`,
    `Command: ${codeSpan(showCommand(record.command))}`,
    ...(record.seed === null ? [] : [`Seed: ${record.seed}`]),
    ...(record.code === null ? [] : [`Code: ${record.code.kind} ${record.code.id}`]),
  ].join('\n\n');
  return {
    curves: new Map(curves),
    settings,
    group: arm,
    startedAt,
    endedAt,
    succeeded: record.ending === 'succeeded',
    summary,
  };
}
