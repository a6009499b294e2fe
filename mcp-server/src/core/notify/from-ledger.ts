import { apply, type Campaign, replay } from '../campaign.js';
import type { EndRecord, LedgerRecord, RecordOf, VerdictRecord } from '../ledger.js';
import { clip, oneLine } from '../text.js';
import { formatDuration, formatGain, formatValue } from '../units.js';
import type { Notice, NotifyEvent } from './notice.js';

/** So many candidates in a row without a new best, and then every so many more, are news. */
const STUCK_AFTER = 10;
/** So many runs in a row that ended without a result are news: something is broken that no plan mends. */
const BROKEN_AFTER = 3;

/**
 * The news of a campaign that the ledger tells, in its order. They are made anew from the same records with the same keys,
 * so that nobody has to remember what was told while it happened: a process that was killed loses and doubles nothing.
 */
export function noticesOf(
  records: Iterable<LedgerRecord>,
  budgets: { runs?: number; gpu_hours?: number },
): Notice[] {
  const campaign = replay([]);
  const notices: Notice[] = [];
  const streak = { dry: 0, broken: 0 };
  for (const record of records) {
    const before = { champion: campaign.champion, gpuHours: campaign.gpuHours };
    apply(campaign, record);
    if (record.kind === 'launch') notices.push(...runsBudget(campaign, record, budgets.runs));
    if (record.kind === 'end') {
      notices.push(...ended(campaign, record), ...broken(campaign, record, streak));
      notices.push(...hoursBudget(campaign, record, before.gpuHours, budgets.gpu_hours));
    }
    if (record.kind === 'verdict') notices.push(...judged(campaign, record, streak));
    if (record.kind === 'withdraw') notices.push(withdrawn(campaign, record));
    if (record.kind === 'stop') notices.push(stopped(campaign, record));
  }
  return notices;
}

const notice = (
  event: NotifyEvent,
  at: string,
  about: { key: string; run?: string; title: string; text?: string },
): Notice => ({
  key: `${event}:${about.key}`,
  at,
  event,
  run: about.run ?? null,
  title: about.title,
  text: about.text ?? '',
});

const titleOf = (campaign: Campaign, id: string): string =>
  clip(oneLine(campaign.runs.get(id)?.launch?.title ?? ''), 100);

/** Runs on further seeds are part of the one that they repeat: their ends are no news. */
const isSeed = (campaign: Campaign, id: string): boolean =>
  campaign.runs.get(id)?.launch?.replicate !== undefined;

function ended(campaign: Campaign, end: EndRecord): Notice[] {
  if (isSeed(campaign, end.run)) return [];
  const value = end.metric === null ? '' : `, ${end.metric} ${formatValue(end.value)}`;
  const text = [
    titleOf(campaign, end.run),
    `${formatDuration(end.duration_s)}${value}`,
    ...(end.ending === 'succeeded' ? [] : end.evidence.slice(0, 2)),
  ];
  return [
    notice('ended', end.at, {
      key: end.run,
      run: end.run,
      title: `${end.run} ${end.ending}`,
      text: text.filter((line) => line !== '').join('\n'),
    }),
  ];
}

/** Failures in a row, those of seeds too: told once when there are enough, and again after a success in between. */
function broken(campaign: Campaign, end: EndRecord, streak: { broken: number }): Notice[] {
  if (end.ending === 'stopped') return [];
  streak.broken = end.ending === 'succeeded' ? 0 : streak.broken + 1;
  if (streak.broken !== BROKEN_AFTER) return [];
  return [
    notice('needs_you', end.at, {
      key: `broken:${end.run}`,
      run: end.run,
      title: `${BROKEN_AFTER} runs in a row ended badly, the last one ${end.ending}`,
      text: [titleOf(campaign, end.run), ...end.evidence.slice(0, 3)].join('\n'),
    }),
  ];
}

function judged(campaign: Campaign, verdict: VerdictRecord, streak: { dry: number }): Notice[] {
  const { run, status, at, flags = [] } = verdict;
  const notices: Notice[] = [];
  if (status === 'confirmed' && verdict.kept) notices.push(confirmed(campaign, verdict));
  const lives = status !== 'rejected' && status !== 'crash';
  if (status === 'invalid' || (flags.length > 0 && lives)) {
    const what = status === 'invalid' ? 'does not count' : 'looks suspicious';
    const why = status === 'invalid' ? [verdict.reason] : flags;
    notices.push(
      notice('needs_you', at, {
        key: `look:${run}`,
        run,
        title: `${run} ${what}: look at it`,
        text: [titleOf(campaign, run), ...why].join('\n'),
      }),
    );
  }
  if (status === null || isSeed(campaign, run)) return notices;
  streak.dry = verdict.kept ? 0 : streak.dry + 1;
  if (streak.dry > 0 && streak.dry % STUCK_AFTER === 0) {
    const best = campaign.champion ?? campaign.baseline;
    notices.push(
      notice('stuck', at, {
        key: run,
        title: `${streak.dry} candidates in a row without a new best`,
        text: best === null ? '' : `The best is still ${best}: ${titleOf(campaign, best)}`,
      }),
    );
  }
  return notices;
}

function confirmed(campaign: Campaign, { run, at, gain, interval, seeds, value }: VerdictRecord): Notice {
  const metric = campaign.runs.get(run)?.end?.metric ?? 'value';
  const by = gain === null ? '' : ` ${formatGain(gain)}`;
  const between =
    interval === undefined ? '' : ` (95 %: ${formatGain(interval[0])} to ${formatGain(interval[1])})`;
  const on = seeds === undefined ? '' : `, on ${seeds} fresh seeds`;
  return notice('confirmed_gain', at, {
    key: run,
    run,
    title: `${run} is better, confirmed:${by} ${metric}`,
    text: `${titleOf(campaign, run)}\n${metric} ${formatValue(value)}${between}${on}`,
  });
}

function withdrawn(campaign: Campaign, { run, to, reason, at }: RecordOf<'withdraw'>): Notice {
  return notice('needs_you', at, {
    key: `withdrawn:${run}`,
    run,
    title: `${run} is not the best any more, ${to} is`,
    text: `${titleOf(campaign, run)}\n${reason}`,
  });
}

function stopped(campaign: Campaign, { reason, at }: RecordOf<'stop'>): Notice {
  const { champion, baseline, runs } = campaign;
  const best = champion === null || champion === baseline ? null : runs.get(champion);
  const verdict = best?.verdict;
  const gain = verdict?.gain == null ? '' : ` ${formatGain(verdict.gain)},`;
  const words =
    best == null || verdict == null
      ? 'Nothing is better than the baseline.'
      : `The best is ${best.id}:${gain} ${verdict.status ?? ''}. ${titleOf(campaign, best.id)}`;
  const ended_ = campaign.ended.filter((id) => !isSeed(campaign, id)).length;
  return notice('campaign_ended', at, {
    key: at,
    title: `the campaign has ended: ${clip(oneLine(reason), 80)}`,
    text: `${ended_} run${ended_ === 1 ? '' : 's'} besides those on further seeds. ${words}`,
  });
}

function runsBudget(campaign: Campaign, launch: RecordOf<'launch'>, limit: number | undefined): Notice[] {
  if (limit === undefined) return [];
  const used = [...campaign.runs.values()].filter((run) => run.launch !== null).length;
  if (used !== limit) return [];
  return [
    notice('budget', launch.at, {
      key: `runs:${limit}`,
      title: `the last of ${limit} runs of the budget was launched`,
      text: 'Raise budget.runs to go on.',
    }),
  ];
}

function hoursBudget(
  campaign: Campaign,
  end: EndRecord,
  before: number,
  limit: number | undefined,
): Notice[] {
  if (limit === undefined || campaign.gpuHours < limit || before >= limit) return [];
  return [
    notice('budget', end.at, {
      key: `gpu_hours:${limit}`,
      title: `the budget of ${formatValue(limit)} GPU-hours is used up`,
      text: 'Raise budget.gpu_hours to go on.',
    }),
  ];
}
