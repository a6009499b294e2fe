/**
 * What a config.yaml of the Python original (github.com/Xiangyue-Zhang/auto-deep-researcher-24x7) holds beyond ours, so that
 * such a project opens as it is: sections whose work is done here without a switch, and `""` for what is not set.
 */

/** Its sections whose work is done here without a switch: ledger, plateau, notes of insights, watching, target. */
const SECTIONS = ['ledger', 'stagnation', 'journal', 'safety', 'gates'];

/** Sections in which the original writes `""` for what is not set. */
const BLANKS = ['execution', 'agent', 'obsidian'];

export interface Adapted {
  data: unknown;
  /** What a person should know of the change, in words. */
  notes: string[];
}

/** The data of a config with the original's keys taken out or translated; everything else is left as it is. */
export function adaptOriginal(data: unknown): Adapted {
  if (!isRecord(data)) return { data, notes: [] };
  const kept = Object.fromEntries(
    Object.entries(data)
      .filter(([key]) => !SECTIONS.includes(key))
      .map(([key, value]) => [key, BLANKS.includes(key) ? withoutBlanks(value) : value]),
  );
  const unneeded = SECTIONS.filter((key) => Object.hasOwn(data, key) && isOn(data[key]));
  const notes =
    unneeded.length === 0
      ? []
      : [
          `config.yaml: ${unneeded.map((key) => `${key}:`).join(', ')} of the Python original are not needed: docs/config.md`,
        ];
  const metric = metricOf(data.ledger);
  if (metric === null) return { data: kept, notes };
  const experiment = isRecord(kept.experiment) ? kept.experiment : {};
  return { data: { ...kept, experiment: { ...metric, ...experiment } }, notes };
}

/** `ledger.metric_key` and `metric_direction` are our primary metric. Null where none is named. */
function metricOf(ledger: unknown): { metric: string; direction: 'maximize' | 'minimize' } | null {
  if (!isRecord(ledger) || typeof ledger.metric_key !== 'string' || ledger.metric_key === '') return null;
  const lower = ledger.metric_direction === 'lower_better';
  return { metric: ledger.metric_key, direction: lower ? 'minimize' : 'maximize' };
}

const isOn = (section: unknown): boolean => !isRecord(section) || section.enabled !== false;

function withoutBlanks(section: unknown): unknown {
  if (!isRecord(section)) return section;
  return Object.fromEntries(Object.entries(section).filter(([, value]) => value !== ''));
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
