import type { Campaign } from '../../core/campaign.js';
import { type CurveDigest, digestCurve } from '../../core/reading/curve-digest.js';
import type { RunView } from '../../core/run.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import { readRunCurves } from '../../store/run-curves.js';

/** How an ended run went, beside the best run so far; null before its end, and for a metric that was never seen. */
export function curveOf(project: Project, campaign: Campaign, run: RunView): CurveDigest | null {
  const { primary } = run;
  if (run.state !== 'ended' || primary === null) return null;
  const read = (id: string) => readRunCurves(runPaths(project.paths.runs, id).metrics, id, primary.name);
  const rivals = rivalsOf(campaign, run.id).map(read);
  return digestCurve(read(run.id), rivals, primary.direction, run.duration_s);
}

/** Its curves cost a reading each. */
const MAX_SEEDS = 4;

/** The best run so far and its seeds; for that one itself, and while there is none, those of the baseline. */
function rivalsOf({ champion, baseline, replicates, runs }: Campaign, run: string): string[] {
  const mine = runs.get(run)?.launch?.replicate?.arm ?? run;
  const rival = champion === null || champion === mine ? baseline : champion;
  return rival === null || rival === mine
    ? []
    : [rival, ...(replicates.get(rival) ?? [])].slice(0, MAX_SEEDS);
}
