import { armOf } from '../../core/arms.js';
import type { Campaign } from '../../core/campaign.js';
import type { RunRecord } from '../../core/run-record.js';
import { auditKill, type Curve, judgeCurve, KILL_RULE, killWords } from '../../core/verdict/early-kill.js';
import { createCurveTail, readCurve } from '../../store/curve-tail.js';
import { appendLedger, readCampaign } from '../../store/ledger.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';

/** A curve is looked at this often; what was read of it is written down about as often. Milliseconds. */
const EVERY_MS = 2000;
const AGAIN_MS = 30_000;

/** Watches whether a candidate has fallen so far behind that finishing it is a waste. */
export interface EarlyLook {
  /** Words why it is to be stopped now, or null. */
  look(project: Project): string | null;
}

/**
 * The matched-step rule for one run. Only a candidate that is measured against a replicated best so far is looked at. The first
 * time that it would be stopped is written down, with whether it is: a share of such runs is finished instead, to measure
 * how often the rule is wrong.
 */
export function createEarlyLook(lab: Pick<Lab, 'clock' | 'random'>, record: RunRecord): EarlyLook {
  const { primary } = record;
  if (record.replicate !== null || record.seed === null || primary === null) return { look: () => null };
  let asked = Number.NEGATIVE_INFINITY;
  let again = Number.NEGATIVE_INFINITY;
  let decided = false;
  /** Nothing new can be said before this step. */
  let nextStep = Number.NEGATIVE_INFINITY;
  let tail: ReturnType<typeof createCurveTail> | null = null;

  const judge = (project: Project, points: Curve): string | null => {
    const { paths, config } = project;
    const { campaign } = readCampaign(paths.ledger);
    decided = campaign.runs.get(record.id)?.early != null || record.id === campaign.baseline;
    const ids = decided ? [] : peersOf(campaign);
    const peers = ids.map((id) => readCurve(runPaths(paths.runs, id).metrics, primary.name));
    const found = judgeCurve(primary.direction, peers, points);
    const end = Math.min(...peers.map((curve) => curve.at(-1)?.step ?? Number.POSITIVE_INFINITY));
    const now = points.at(-1)?.step ?? 0;
    // Without two curves to measure by, the ledger is asked again after a while.
    if (peers.length < 2) again = lab.clock() + AGAIN_MS;
    else
      nextStep =
        KILL_RULE.looks.map((share) => share * end).find((step) => step > now) ?? Number.POSITIVE_INFINITY;
    if (found.decision !== 'would-kill') return null;
    decided = true;
    const decision = auditKill(lab.random(), config.experiment.early_kill_audit);
    const words = killWords(found);
    const at = new Date(lab.clock()).toISOString();
    appendLedger(paths.ledger, { kind: 'early', at, run: record.id, decision, words });
    return decision === 'kill' ? words.replace('would be stopped', 'stopped early') : null;
  };

  return {
    look(project) {
      const now = lab.clock();
      const { experiment } = project.config;
      if (
        decided ||
        !experiment.early_kill ||
        experiment.verdict === 'cheap' ||
        now < Math.max(asked + EVERY_MS, again)
      )
        return null;
      asked = now;
      tail ??= createCurveTail(runPaths(project.paths.runs, record.id).metrics, primary.name);
      const points = tail.grew() ? tail.points() : [];
      const last = points.at(-1);
      return last === undefined || last.step < nextStep ? null : judge(project, points);
    },
  };
}

/** Runs of the best so far that came to their end. */
function peersOf(campaign: Campaign): string[] {
  return campaign.champion === null ? [] : armOf(campaign, campaign.champion).values.map(({ run }) => run);
}
