import type { Campaign } from '../../core/campaign.js';
import { showCommand } from '../../core/command.js';
import { curveText } from '../../core/reading/curve-digest.js';
import { createRedactor } from '../../core/redact.js';
import { secretValues } from '../../core/secrets.js';
import { plain } from '../../core/text.js';
import { formatGain, formatValue } from '../../core/units.js';
import { readCampaign } from '../../store/ledger.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import { readRun } from '../../store/runs.js';
import type { Lab } from '../lab.js';
import { codeDifference, environmentDifference } from '../runs/compare.js';
import { curveOf } from '../runs/curve.js';
import { readEnvironment } from '../runs/environment.js';
import { runView } from '../views/overview.js';
import { timeText } from '../views/report-words.js';
import type { Fact } from './board.js';

/** What the page of one run shows besides its row: read when somebody looks at it. */
export interface RunPage {
  id: string;
  title: string;
  command: string;
  facts: Fact[];
  evidence: string[];
  verdict: string | null;
  flags: string[];
  note: string | null;
  hypothesis: string | null;
  prediction: string | null;
  curve: string | null;
  metrics: { name: string; last: string; best: string; at: string }[];
  environment: Fact[];
  /** Structured files that metrics were read from. */
  sources: string[];
  /** Runs that repeat it, or that it repeats, on other seeds. */
  seeds: string[];
  log: string;
  /** Runs that its code can be compared with. */
  against: { id: string; words: string }[];
}

const MOST_METRICS = 400;

/** Throws LabError for an unknown run. */
export function runPage(lab: Pick<Lab, 'clock' | 'env'>, project: Project, id: string): RunPage {
  const record = readRun(project.paths.runs, id);
  const { campaign } = readCampaign(project.paths.ledger);
  const run = runView(project, campaign, record, lab.clock());
  const known = campaign.runs.get(id);
  const curve = curveOf(project, campaign, run);
  const arm = run.replicate_of ?? id;
  return {
    id,
    title: run.title,
    command: cleanOf(lab, project)(showCommand(run.command)),
    facts: [
      { name: 'created', value: timeText(run.created_at) },
      { name: 'started', value: timeText(run.started_at) },
      { name: 'ended', value: timeText(run.ended_at) },
      ...(run.exit_code === null ? [] : [{ name: 'exit code', value: String(run.exit_code) }]),
      ...(run.signal === null ? [] : [{ name: 'signal', value: run.signal }]),
      { name: 'seed', value: run.seed === null ? 'none is set' : String(run.seed) },
      { name: 'host', value: record.place?.host ?? record.host },
      { name: 'folder', value: record.cwd },
      ...(record.code === null
        ? []
        : [{ name: 'code', value: `${record.code.kind} ${record.code.id.slice(0, 12)}` }]),
      ...(record.lines === null ? [] : [{ name: 'changed lines', value: String(record.lines) }]),
      ...(record.withheld.length === 0
        ? []
        : [{ name: 'withheld variables', value: record.withheld.join(', ') }]),
    ],
    evidence: run.evidence,
    verdict: run.verdict_reason,
    flags: run.flags,
    note: run.note,
    hypothesis: campaign.plans.find((plan) => plan.id === record.plan)?.hypothesis ?? null,
    prediction: predictionWords(campaign, id),
    curve: curve === null ? null : curveText(curve),
    metrics: Object.entries(run.metrics)
      .slice(0, MOST_METRICS)
      .map(([name, { last, best, step }]) => ({
        name,
        last: formatValue(last),
        best: best === null ? '–' : formatValue(best),
        at: step === null ? '–' : String(step),
      })),
    environment: environmentFacts(project, id, known?.end?.conditions ?? null),
    sources: record.sources,
    seeds: [arm, ...(campaign.replicates.get(arm) ?? [])].filter((one) => one !== id),
    log: runPaths(project.paths.runs, id).log,
    against: rivalsOf(campaign, id),
  };
}

export interface RunDifference {
  from: string;
  to: string;
  /** A unified diff; '' = the same code, null = unknown: it was not kept. */
  code: string | null;
  /** Null = unknown. */
  environment: string[] | null;
}

const cleanOf = ({ env }: Pick<Lab, 'env'>, { config }: Project): ((text: string) => string) =>
  createRedactor(secretValues(env, config.experiment.secret_env));

/** What a run changed against another one. Throws LabError. */
export async function runDifference(
  lab: Pick<Lab, 'env'>,
  project: Project,
  from: string,
  to: string,
): Promise<RunDifference> {
  const [a, b] = [readRun(project.paths.runs, from), readRun(project.paths.runs, to)];
  const code = await codeDifference(project, a, b);
  return {
    from,
    to,
    code: code === null ? null : cleanOf(lab, project)(plain(code)),
    environment: environmentDifference(project, a, b),
  };
}

function rivalsOf(campaign: Campaign, id: string): RunPage['against'] {
  const { baseline, champion } = campaign;
  const confirmed = campaign.runs.get(id)?.confirm?.champion ?? null;
  const all = [
    ...(baseline === null ? [] : [{ id: baseline, words: 'the baseline' }]),
    ...(champion === null ? [] : [{ id: champion, words: 'the best so far' }]),
    ...(confirmed === null ? [] : [{ id: confirmed, words: 'the best of its time' }]),
  ];
  return all.filter((one, index) => one.id !== id && all.findIndex((other) => other.id === one.id) === index);
}

function predictionWords(campaign: Campaign, id: string): string | null {
  const run = campaign.runs.get(id);
  if (run?.prediction == null) return null;
  const { direction, size, probability } = run.prediction;
  const by = size === undefined ? '' : ` by ${formatValue(size)}`;
  const came =
    run.verdict === null || run.verdict.gain === null
      ? ''
      : `; it came out at ${formatGain(run.verdict.gain)}`;
  return `${direction}${by} with a probability of ${Math.round(100 * probability)} %${came}`;
}

function environmentFacts(project: Project, id: string, conditions: string | null): Fact[] {
  const found = readEnvironment(project, id);
  const rows: [string, string | null | undefined][] =
    found === null
      ? []
      : [
          ['host', found.host],
          ['system', [found.distribution, found.system].filter((one) => one !== null).join(', ') || null],
          ['CPU', found.cpu],
          ['GPU', found.gpus.join(', ') || null],
          ['driver', found.driver],
          ['python', found.python === null ? null : `${found.python.version} (${found.python.executable})`],
          ['environment', found.python?.environment],
          [
            'packages',
            Object.entries(found.packages)
              .map(([name, version]) => `${name} ${version}`)
              .join(', ') || null,
          ],
          [
            'git',
            found.git === null
              ? null
              : `${found.git.branch ?? '?'} ${found.git.head?.slice(0, 12) ?? ''}${found.git.dirty === true ? ', changed' : ''}`,
          ],
          [
            'variables',
            Object.entries(found.variables)
              .map(([name, value]) => `${name}=${value}`)
              .join(' ') || null,
          ],
          ...found.data.map((data): [string, string] => [
            'data',
            `${data.glob}: ${data.files} files, ${data.hash?.slice(0, 12) ?? data.why ?? 'no fingerprint'}`,
          ]),
          ...found.notes.map((note): [string, string] => ['note', note]),
        ];
  rows.push(['conditions', conditions]);
  return rows.flatMap(([name, value]) => (value == null ? [] : [{ name, value }]));
}
