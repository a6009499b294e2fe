import { armOf } from './arms.js';
import type { Campaign, CampaignRun } from './campaign.js';
import type { Config } from './config.js';
import { fromJsonNumber, isBetter } from './metric.js';
import { clip, oneLine } from './text.js';
import { formatGain, formatValue } from './units.js';

/** Runs that are shown: the last ones, and the best of those before. */
const LAST = 6;
const BEST = 3;

/**
 * What the leader must know of the campaign besides the memory, in under 500 tokens whatever was run. Text that programs
 * printed is not in it: titles are the leader’s own, values are numbers, and reasons are the program’s words.
 */
export function leaderboard(config: Config, campaign: Campaign, budgets: readonly string[]): string {
  const { metric, direction, target, command } = config.experiment;
  const own = campaign.ended.flatMap((id) => {
    const run = campaign.runs.get(id);
    return run === undefined || run.launch?.replicate !== undefined ? [] : [run];
  });
  const last = own.slice(-LAST);
  const shown = new Set([...bestBefore(own, direction), ...last]);
  const open = [...campaign.unjudged].flatMap((id) => campaign.runs.get(id) ?? []);
  const confirmed = countOf(own, 'confirmed') + (campaign.past?.confirmed ?? 0);
  const crashed = countOf(own, 'crash') + (campaign.past?.crashed ?? 0);
  const note = campaign.decisions.findLast(({ next }) => next !== undefined);
  return [
    metric === undefined || direction === undefined
      ? 'metric: none declared, so no run is compared'
      : `metric: ${metric}, ${direction}${target === undefined ? '' : `, target ${formatValue(target)}`}`,
    ...(command === undefined ? [] : [`baseline command: ${commandText(command)}`]),
    ...standing('baseline', campaign, campaign.baseline),
    ...(campaign.champion === campaign.baseline ? [] : standing('best', campaign, campaign.champion)),
    `runs: ${campaign.own} tried, ${confirmed} confirmed, ${crashed} crashed`,
    ...[...shown].map((run) => `- ${lineOf(campaign, run)}`),
    ...open.map(
      ({ id, launch, end }) =>
        `- ${id} ${title(launch?.title)}: ${end === null ? 'running' : 'being confirmed'}`,
    ),
    ...(budgets.length === 0 ? [] : [`used: ${budgets.join(', ')}`]),
    ...(campaign.loop.swept === null ? [] : [`the last sweep: ${clip(campaign.loop.swept.reason, 300)}`]),
    ...(campaign.loop.dropped === null
      ? []
      : [`your last plan was not launched: ${clip(campaign.loop.dropped, 300)}`]),
    ...(note?.next === undefined ? [] : [`your note after ${note.run}: ${clip(note.next, 240)}`]),
  ].join('\n');
}

const commandText = (command: string | readonly string[]): string =>
  clip(oneLine(typeof command === 'string' ? command : command.join(' ')), 300);

const title = (text: string | undefined): string => clip(oneLine(text ?? ''), 70);

const countOf = (runs: readonly CampaignRun[], status: string): number =>
  runs.filter((run) => run.verdict?.status === status).length;

function standing(name: string, campaign: Campaign, id: string | null): string[] {
  const run = id === null ? undefined : campaign.runs.get(id);
  if (run?.verdict?.value == null) return [];
  const { value, gain, status } = run.verdict;
  const values = armOf(campaign, run.id).values.map((one) => one.value);
  const mean =
    values.length > 1 && gain === null ? values.reduce((sum, one) => sum + one / values.length, 0) : value;
  const against = gain === null ? '' : ` (${formatGain(gain)} to the baseline, ${status})`;
  return [`${name}: ${formatValue(mean)}${against} ${run.id} ${title(run.launch?.title)}`];
}

function lineOf(campaign: Campaign, run: CampaignRun): string {
  const { id, launch, end, verdict } = run;
  const plan = campaign.planOf.get(launch?.plan ?? '');
  const family = plan?.family === undefined ? '' : ` [${clip(oneLine(plan.family), 30)}]`;
  const value = formatValue(verdict?.value ?? end?.value ?? null);
  const status = verdict === null ? 'not judged' : (verdict.status ?? 'baseline');
  const why =
    status === 'crash' || status === 'invalid' ? ` (${clip(oneLine(verdict?.reason ?? ''), 80)})` : '';
  return `${id}${family} ${title(launch?.title)}: ${value} ${status}${why}`;
}

/** The best of these but for the last ones, which are shown anyway; the earliest first among equals. */
export const bestBefore = (
  own: readonly CampaignRun[],
  direction: 'maximize' | 'minimize' | undefined,
): CampaignRun[] => bestOf(own.slice(0, -LAST), direction);

function bestOf(runs: readonly CampaignRun[], direction: 'maximize' | 'minimize' | undefined): CampaignRun[] {
  if (direction === undefined) return [];
  const valued = runs.flatMap((run) => {
    const value = run.verdict?.value == null ? Number.NaN : fromJsonNumber(run.verdict.value);
    return Number.isFinite(value) ? [{ run, value }] : [];
  });
  return valued
    .sort((a, b) =>
      isBetter(a.value, b.value, direction) ? -1 : isBetter(b.value, a.value, direction) ? 1 : 0,
    )
    .slice(0, BEST)
    .map(({ run }) => run);
}
