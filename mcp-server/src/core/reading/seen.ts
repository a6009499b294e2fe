/** A number of a line, and where it stands in it. */
export interface Spot {
  value: number;
  start: number;
  end: number;
}

/** A number under a name, as printed. */
export interface Found extends Spot {
  name: string;
  /** `1.7M` is printed with 6: the value is the printed number times ten to the power of it. */
  power?: number;
}

/** Where training stands, as far as one line tells. */
export interface Stand {
  step: Spot | null;
  steps: Spot | null;
  epoch: Spot | null;
  epochs: Spot | null;
}

export const NOWHERE: Stand = { step: null, steps: null, epoch: null, epochs: null };

/** What one shape saw in a line. */
export interface Seen {
  metrics: Found[];
  stand: Stand;
  split: 'val' | 'test' | null;
}

/** The number printed in `text` from `start` to `end`. */
export function spotAt(text: string, start: number, end: number): Spot {
  return { value: toNumber(text.slice(start, end)), start, end };
}

/** A printed number: decimal or scientific, any spelling of nan and infinity, `_` and thousands commas aside. */
export function toNumber(printed: string): number {
  const plain = printed.trim();
  const word = /^([+-]?)(?:(nan)|inf(?:inity)?)$/i.exec(plain);
  if (word !== null) return word[2] !== undefined ? Number.NaN : word[1] === '-' ? -Infinity : Infinity;
  return Number(plain.includes(',') ? plain.replaceAll(',', '') : plain);
}

/** The double nearest to a number times a power of ten, as if it had been printed so: `4.35k` is 4350. */
export function scaled(value: number, power: number): number {
  return power === 0 ? value : Number(`${value}e${power}`) || value * 10 ** power;
}
