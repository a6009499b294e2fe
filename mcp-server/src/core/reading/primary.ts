import type { Direction, JsonNumber } from '../metric.js';
import type { MetricSummary } from '../run.js';
import { normalizeName } from './names.js';

export interface Declared {
  name: string;
  direction: Direction;
  mode: 'best' | 'last' | 'at_end';
}

export type Primary = { name: string; value: JsonNumber } | { value: null; hint: string };

/**
 * The value of the declared metric among what was seen: the exact name first, else the only one that is equal but for
 * case and punctuation. Nothing else is guessed; a hint names what was seen.
 */
export function findPrimary(metrics: Readonly<Record<string, MetricSummary>>, declared: Declared): Primary {
  const found = findName(Object.keys(metrics), declared.name);
  if (found === null) return { value: null, hint: hintFor(Object.keys(metrics), declared.name) };
  const metric = metrics[found];
  const value = declared.mode === 'best' ? (metric?.best ?? metric?.last) : metric?.last;
  return value === undefined
    ? { value: null, hint: `${declared.name} has no value` }
    : { name: found, value };
}

/** The metric that a declared name means among those seen; null when none does, or several do. */
export function findName(seen: readonly string[], declared: string): string | null {
  if (seen.includes(declared)) return declared;
  const alike = seen.filter((name) => normalizeName(name) === normalizeName(declared));
  return alike.length === 1 ? (alike[0] ?? null) : null;
}

function hintFor(seen: readonly string[], declared: string): string {
  if (seen.length === 0) return `${declared} was not seen; no metric was`;
  const alike = seen.filter((name) => normalizeName(name) === normalizeName(declared));
  if (alike.length > 1) return `${declared} could be any of ${alike.join(', ')}: declare one of these names`;
  // Names that share a word with it come first: one of them is often the one that was meant.
  const words = new Set(normalizeName(declared).split('_'));
  const shared = (name: string): number =>
    normalizeName(name)
      .split('_')
      .filter((word) => words.has(word)).length;
  const candidates = [...seen].sort((a, b) => shared(b) - shared(a));
  return `${declared} was not seen; seen: ${candidates.slice(0, 8).join(', ')}${seen.length > 8 ? ', …' : ''}`;
}
