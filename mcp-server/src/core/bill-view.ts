import { allTokens, money, type Sum, tokenWords } from './bill.js';
import type { Campaign } from './campaign.js';
import { formatValue } from './units.js';
import type { BillView } from './view.js';

const HOUR_MS = 3_600_000;

/** The bill as it is shown; null where no model was ever asked. */
export function billView(campaign: Campaign, gpuHours: number, now: number): BillView | null {
  const { bill } = campaign;
  if (bill.begun === 0) return null;
  const { total, cycles, open, lost, firstAt } = bill;
  const hours = (now - Date.parse(firstAt ?? '')) / HOUR_MS;
  const gains = confirmedGains(campaign);
  const per = (sum: number, count: number): number | null => (count > 0 ? sum / count : null);
  return {
    total: shown(total),
    phases: [...bill.phases].map(([phase, sum]) => ({ phase, ...shown(sum) })),
    cycles,
    usd_per_cycle: per(total.usd, cycles),
    usd_per_day: hours >= 1 ? (total.usd / hours) * 24 : null,
    usd_per_confirmed_gain: per(total.usd, gains),
    gpu_hours: gpuHours,
    gpu_hours_per_confirmed_gain: per(gpuHours, gains),
    open: open.size + lost.calls,
    open_usd: [...open.values()].reduce((sum, { most }) => sum + (most.usd ?? 0), lost.usd),
  };
}

const shown = ({ calls, failed, tokens, usd, unpriced }: Sum): BillView['total'] => ({
  calls,
  failed,
  tokens: { ...tokens },
  usd,
  unpriced,
});

/** Runs that became the best by a confirmed gain and were not withdrawn. */
const confirmedGains = (campaign: Campaign): number =>
  campaign.confirmations.filter(({ run }) => {
    const known = campaign.runs.get(run);
    return known?.verdict?.status === 'confirmed' && known.withdrawn === null;
  }).length;

/** `$0.42 for 31 calls …`, in one line; what is unknown is said. */
export function billWords(bill: BillView): string {
  const { total, cycles, usd_per_cycle, usd_per_day, usd_per_confirmed_gain } = bill;
  const rates = [
    ...(usd_per_cycle === null ? [] : [`${money(usd_per_cycle)} a cycle`]),
    ...(usd_per_day === null ? [] : [`${money(usd_per_day)} a day`]),
    ...(usd_per_confirmed_gain === null ? [] : [`${money(usd_per_confirmed_gain)} a confirmed gain`]),
  ];
  const notes = [
    ...(total.unpriced === 0 ? [] : [`price of ${total.unpriced} calls unknown`]),
    ...(bill.open === 0 ? [] : [`${bill.open} cut short, at most ${money(bill.open_usd)}`]),
  ];
  const per = total.unpriced === total.calls ? '' : ` (${rates.join(', ')})`;
  const price = total.unpriced > 0 && total.usd === 0 ? 'price unknown' : money(total.usd);
  const calls = `${total.calls} model call${total.calls === 1 ? '' : 's'} in ${cycles} cycle${cycles === 1 ? '' : 's'}`;
  return [`${price}${per}, ${calls}, ${tokenWords(allTokens(total.tokens))} tokens`, ...notes].join('; ');
}

/** GPU-hours beside it, where a GPU was used. */
export function gpuHourWords({ gpu_hours, gpu_hours_per_confirmed_gain }: BillView): string | null {
  if (gpu_hours === 0) return null;
  const per =
    gpu_hours_per_confirmed_gain === null
      ? ''
      : `, ${formatValue(gpu_hours_per_confirmed_gain)} a confirmed gain`;
  return `${formatValue(gpu_hours)} GPU-hours${per}`;
}
