import type { MemoryLimits, MemoryLine, MemoryLog } from './memory.js';
import { runNumber } from './run.js';
import { clip, countChars } from './text.js';

export const CLIPPED = '… [clipped]';

/** Room for a time stamp, a few words and the mark that says it was clipped. An entry with less room is dropped. */
export const MIN_ENTRY = 40;

/** Decisions that stay while older results are dropped. */
const KEEP_DECISIONS = 3;

/** An entry within a cap, saying so where something was cut. */
export function clipEntry(raw: string, max: number): string {
  if (countChars(raw) <= max) return raw;
  return clip(raw.endsWith(CLIPPED) ? raw.slice(0, -CLIPPED.length) : raw, max, CLIPPED);
}

/** Whether an entry is about a run: it begins with the run's id or names it before any other. */
export function isAbout(raw: string, run: string): boolean {
  const first = /\bexp[ _-]?(\d{1,9})\b/i.exec(raw);
  return first?.[1] !== undefined && Number(first[1]) === runNumber(run);
}

/**
 * The log within its caps. Only entries give way, the oldest first, those of pinned runs last; a person's lines stay even
 * where they alone are over the cap. `newest` is the entry that was just added. Positions count, not time stamps.
 */
export function fitMemory(
  log: MemoryLog,
  newest: MemoryLine,
  limits: MemoryLimits,
  pinned: readonly string[],
): MemoryLog {
  const draft = new Draft(log.lines, pinned);
  draft.drop(draft.decisions().slice(0, -Math.max(1, limits.max_recent_entries)));

  const inResults = (line: MemoryLine) => line.section === 'results' && line.kind !== 'heading';
  const milestones = limits.milestone_max_chars;
  draft.dropUntil(
    draft.unpinned().filter((line) => line !== newest),
    milestones,
    inResults,
  );
  if (newest.section === 'results' && !draft.isPinned(newest)) {
    draft.squeeze([newest], milestones - draft.size((line) => inResults(line) && line !== newest));
  } else draft.dropUntil(draft.unpinned(), milestones, inResults);
  draft.squeeze(draft.pinned(), milestones);

  const max = limits.log_max_chars;
  draft.dropUntil(draft.decisions().slice(0, -KEEP_DECISIONS), max);
  draft.dropUntil(draft.unpinned().slice(0, -1), max);
  draft.dropUntil(draft.decisions().slice(0, -1), max);
  draft.dropUntil(
    draft.unpinned().filter((line) => line !== newest),
    max,
  );
  draft.dropUntil(
    draft.decisions().filter((line) => line !== newest),
    max,
  );
  if (!draft.isPinned(newest)) draft.squeeze([newest], max - draft.size((line) => line !== newest));
  draft.squeeze(draft.pinned(), max - draft.size((line) => !draft.isPinned(line)));
  return { ...log, lines: draft.result() };
}

/** Lines on their way to fit. Sizes of lines add up, since no character reaches over the end of a line. */
class Draft {
  readonly #lines: readonly MemoryLine[];
  readonly #sizes = new Map<MemoryLine, number>();
  readonly #clipped = new Map<MemoryLine, string>();
  readonly #runs = new Map<MemoryLine, string>();

  constructor(lines: readonly MemoryLine[], pinned: readonly string[]) {
    this.#lines = lines;
    for (const line of lines) {
      this.#sizes.set(line, countChars(line.raw + line.end));
      const run =
        line.kind === 'entry' && line.section === 'results'
          ? pinned.find((id) => isAbout(line.raw, id))
          : undefined;
      if (run !== undefined) this.#runs.set(line, run);
    }
  }

  /** Entries that are still there, oldest first. */
  #entries(section: MemoryLine['section']): MemoryLine[] {
    return this.#lines.filter(
      (line) => this.#sizes.has(line) && line.kind === 'entry' && line.section === section,
    );
  }

  decisions(): MemoryLine[] {
    return this.#entries('decisions');
  }

  unpinned(): MemoryLine[] {
    return this.#entries('results').filter((line) => !this.isPinned(line));
  }

  pinned(): MemoryLine[] {
    return this.#entries('results').filter((line) => this.isPinned(line));
  }

  isPinned(line: MemoryLine): boolean {
    return this.#runs.has(line);
  }

  size(counts: (line: MemoryLine) => boolean = () => true): number {
    let sum = 0;
    for (const [line, size] of this.#sizes) if (counts(line)) sum += size;
    return sum;
  }

  drop(lines: readonly MemoryLine[]): void {
    for (const line of lines) this.#sizes.delete(line);
  }

  dropUntil(victims: readonly MemoryLine[], max: number, counts?: (line: MemoryLine) => boolean): void {
    for (const line of victims) {
      if (this.size(counts) <= max) return;
      this.#sizes.delete(line);
    }
  }

  /** Makes entries fit into `room` together: older entries of the same run go, then all are clipped to equal shares. */
  squeeze(entries: readonly MemoryLine[], room: number): void {
    let left = entries.filter((line) => this.#sizes.has(line));
    const over = () => left.reduce((sum, line) => sum + (this.#sizes.get(line) ?? 0), 0) > room;
    const without = (line: MemoryLine) => {
      this.#sizes.delete(line);
      left = left.filter((other) => other !== line);
    };
    for (const line of [...left]) {
      const run = this.#runs.get(line);
      const isNewest = left.filter((other) => this.#runs.get(other) === run).at(-1) === line;
      if (over() && !isNewest) without(line);
    }
    const share = () => Math.floor(room / left.length) - 1;
    for (const line of [...left]) if (over() && share() < MIN_ENTRY) without(line);
    if (over()) for (const line of left) this.#clip(line, share());
  }

  #clip(line: MemoryLine, max: number): void {
    const raw = clipEntry(line.raw, max);
    this.#clipped.set(line, raw);
    this.#sizes.set(line, countChars(raw + line.end));
  }

  result(): MemoryLine[] {
    return this.#lines
      .filter((line) => this.#sizes.has(line))
      .map((line) => {
        const raw = this.#clipped.get(line);
        return raw === undefined || raw === line.raw ? line : { ...line, raw };
      });
  }
}
