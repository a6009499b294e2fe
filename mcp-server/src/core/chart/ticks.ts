/** Round numbers for an axis. */

const STEPS = [1, 2, 2.5, 5, 10];

/** About `count` multiples of a round step within [low, high]; low < high, both finite. */
export function linearTicks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = (STEPS.find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
  if (!(step > 0) || !Number.isFinite(step)) return [low, high];
  // So far from zero, neighbouring ticks would have the same twelve digits.
  if (Math.max(Math.abs(low), Math.abs(high)) / step > 1e11) return [low, high];
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // From whole multiples, not by adding up: 0.1 + 0.2 is not a label.
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/** Whole numbers only, for an axis that counts. */
export function wholeTicks(low: number, high: number, count: number): number[] {
  return [...new Set(linearTicks(low, high, count).filter(Number.isInteger))];
}

/** Powers of ten within 10^low to 10^high, with 2 and 5 between them when few powers fit; low < high. */
export function logTicks(low: number, high: number, count: number): number[] {
  const from = Math.max(-323, Math.floor(low));
  const to = Math.min(308, Math.ceil(high));
  const stride = Math.max(1, Math.ceil((to - from) / Math.max(1, count)));
  const factors = to - from <= count / 2 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let exponent = from; exponent <= to; exponent += stride) {
    for (const factor of factors) ticks.push(Number(`${factor}e${exponent}`));
  }
  const within = (tick: number) => Math.log10(tick) >= low - 1e-3 && Math.log10(tick) <= high + 1e-3;
  const inside = ticks.filter((tick) => Number.isFinite(tick) && within(tick));
  return inside.length >= 2 ? inside : linearTicks(10 ** low, 10 ** high, count).filter((tick) => tick > 0);
}

/** A tick in few characters: `12000` → `12k`, `0.00002` → `2e-5`. */
export function formatTick(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 1e9 || size < 1e-3)
    return value
      .toExponential()
      .replace('e+', 'e')
      .replace(/(\.\d{3})\d+/, '$1');
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(4))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(4))}k`;
  return String(Number(value.toPrecision(6)));
}
