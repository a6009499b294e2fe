import type { Campaign } from '../../core/campaign.js';
import type { Direction } from '../../core/metric.js';
import { formatDuration, formatGain, formatValue } from '../../core/units.js';
import type { Overview } from '../../core/view.js';
import type { Project } from '../../store/project.js';
import { recall } from '../agent/memory.js';
import { isPaused } from '../loop/directives.js';
import { billLines } from '../views/bill-rows.js';
import type { GpuPicture } from '../views/gpu-picture.js';
import {
  budgetText,
  certaintyText,
  countText,
  type Headline,
  headlineOf,
  metricLabel,
  progressText,
  targetWord,
  type Word,
} from '../views/report-words.js';
import { type Need, needsOf } from './needs.js';
import type { Progress } from './progress.js';
import { type Moment, type Order, ordersOf, timelineOf } from './timeline.js';

export interface Fact {
  name: string;
  value: string;
}

interface Running {
  id: string;
  title: string;
  text: string;
  /** 0 to 1; null while the total is not known. */
  share: number | null;
  stopping: boolean;
}

interface Budget {
  text: string;
  share: number | null;
}

/** Everything of the page but the runs, by section; a section that did not change is not sent again. */
export interface Board {
  about: { project: string; path: string; goal: string; status: string; paused: boolean; loop: boolean };
  answer: { headline: Headline; target: Word | null; facts: Fact[]; notes: string[] };
  metric: { name: string; direction: Direction; target: number | null } | null;
  leaders: { baseline: string | null; best: string | null };
  /** Null without a declared metric. Put together by whoever keeps the rows. */
  progress: Progress | null;
  needs: Need[];
  running: Running[];
  counts: string;
  budgets: Budget[];
  /** Null before the drivers have answered. */
  gpus: { picture: GpuPicture | null; note: string | null };
  timeline: Moment[];
  orders: Order[];
  memory: { brief: string; memory: string };
}

export interface BoardSource {
  overview: Overview;
  campaign: Campaign;
  project: Project;
  /** A controller holds the loop now. */
  loop: boolean;
  /** Runs that somebody has asked to stop. */
  stopping: ReadonlySet<string>;
  /** The GPUs of this computer, as they were seen last. */
  gpus: GpuPicture | null;
  /** Why they are not looked at. */
  gpuNote: string | null;
}

/** What the page shows of a project. The words are those of the status and the report. Throws LabError. */
export function boardOf(source: BoardSource): Omit<Board, 'progress'> {
  const { overview, campaign, project } = source;
  const { metric, baseline, best } = overview;
  return {
    about: {
      project: overview.project,
      path: overview.path,
      goal: overview.goal,
      status: overview.status,
      paused: isPaused(campaign),
      loop: source.loop,
    },
    answer: {
      headline: headlineOf(overview),
      target: targetWord(overview),
      facts: factsOf(overview),
      notes: [certaintyText(overview.certainty), overview.early_kills, overview.calibration].filter(
        (one) => one !== null,
      ),
    },
    metric,
    leaders: { baseline: baseline?.run ?? null, best: best?.run ?? null },
    needs: needsOf(overview),
    running: runningOf(overview, source.stopping),
    counts: countText(overview.runs),
    budgets: [
      ...overview.budgets.filter(isWorthALine).map((budget) => ({
        text: budgetText(budget),
        share: budget.limit === null || budget.limit <= 0 ? null : Math.min(1, budget.used / budget.limit),
      })),
      ...billLines(overview).map((words) => ({ text: `models: ${words}`, share: null })),
    ],
    gpus: { picture: source.gpus, note: source.gpuNote },
    timeline: timelineOf(campaign),
    orders: ordersOf(campaign, project.paths.workspace),
    memory: memoryOf(project),
  };
}

/** What has no limit and was not touched is not worth one. */
const isWorthALine = ({ used, limit }: Overview['budgets'][number]): boolean => limit !== null || used > 0;

function factsOf(overview: Overview): Fact[] {
  const { baseline, best, cycle, campaign } = overview;
  const name = metricLabel(overview);
  const facts: Fact[] = [];
  if (baseline !== null)
    facts.push({ name: `baseline ${baseline.run}`, value: `${name} ${formatValue(baseline.value)}` });
  if (best !== null && best.run !== baseline?.run) {
    const trust = best.verdict === 'confirmed' ? 'confirmed' : 'unconfirmed';
    facts.push({ name: `best ${best.run}, ${trust}`, value: `${name} ${formatValue(best.value)}` });
    if (best.gain !== null) {
      const between =
        best.interval === null ? '' : ` (${formatGain(best.interval[0])} to ${formatGain(best.interval[1])})`;
      facts.push({ name: `gain, ${trust}`, value: `${formatGain(best.gain)}${between}` });
    }
  }
  if (campaign !== null)
    facts.push({ name: 'cycles', value: `${campaign.cycles_used} of ${campaign.max_cycles}` });
  else if (cycle > 0) facts.push({ name: 'cycle', value: String(cycle) });
  return facts;
}

function runningOf(overview: Overview, stopping: ReadonlySet<string>): Running[] {
  return overview.runs
    .filter((run) => run.state !== 'ended')
    .map((run) => {
      const { progress } = run;
      const at = progress?.epoch ?? progress?.step ?? null;
      const total = progress?.total ?? null;
      const share = at === null || total === null || total <= 0 ? null : Math.min(1, Math.max(0, at / total));
      const words =
        run.state === 'queued'
          ? `queued${run.note === null ? '' : ` · ${run.note}`}`
          : `${formatDuration(run.duration_s)} · ${progressText(run)}`;
      return { id: run.id, title: run.title, text: words, share, stopping: stopping.has(run.id) };
    });
}

function memoryOf(project: Project): Board['memory'] {
  const { brief, memory } = recall(project);
  return { brief, memory };
}
