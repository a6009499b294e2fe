import { CLIPPED, clipEntry, fitMemory, isAbout, MIN_ENTRY } from './memory-fit.js';
import { oneLine } from './text.js';

/** Tier 2 of the memory: what is known, in constant size. Sections and entries are the program's, all else a person's. */
export type MemorySection = 'results' | 'decisions';

export interface MemoryLine {
  /** `entry`: `[MM-DD HH:MM] text` in one of the two sections · `heading`: of one of them · `text`: a person's line. */
  kind: 'heading' | 'entry' | 'text';
  /** The section that the line stands in. */
  section: MemorySection | null;
  raw: string;
  /** The line's end as it was: `\n`, `\r\n`, or nothing at the end of the file. */
  end: string;
}

/** A memory file as its lines. `renderMemory(parseMemory(text))` is `text`, whatever it is. */
export interface MemoryLog {
  lines: MemoryLine[];
  /** How the file ends its lines. */
  eol: '\n' | '\r\n';
}

export interface MemoryEntry {
  at: Date;
  text: string;
  /** Id of the run that the entry is about. */
  run?: string | undefined;
}

/** Caps, in characters that a person sees. Named as in the config. */
export interface MemoryLimits {
  log_max_chars: number;
  milestone_max_chars: number;
  max_recent_entries: number;
}

const HEADINGS: Readonly<Record<MemorySection, string>> = {
  results: '## Key Results',
  decisions: '## Recent Decisions',
};
const ENTRY = /^\[\d{2}-\d{2} \d{2}:\d{2}\] /;

/** Reads a memory file. Never fails: what is not in the form is a person's text. */
export function parseMemory(text: string): MemoryLog {
  const lines: MemoryLine[] = [];
  let section: MemorySection | null = null;
  for (const { raw, end } of splitLines(text)) {
    const heading = headingOf(raw);
    if (heading !== undefined) section = heading;
    const kind =
      heading !== undefined && heading !== null
        ? 'heading'
        : section !== null && ENTRY.test(raw)
          ? 'entry'
          : 'text';
    lines.push({ kind, section, raw, end });
  }
  return { lines, eol: lines[0]?.end === '\r\n' ? '\r\n' : '\n' };
}

export function renderMemory(log: MemoryLog): string {
  return log.lines.map((line) => line.raw + line.end).join('');
}

/** Adds a line to Key Results. `pinned` are the runs whose entries stay: of the baseline and of the best so far. */
export function addResult(
  log: MemoryLog,
  entry: MemoryEntry,
  limits: MemoryLimits,
  pinned: readonly string[] = [],
): MemoryLog {
  return add(log, 'results', entry, limits, pinned);
}

/** Adds a line to Recent Decisions. */
export function addDecision(
  log: MemoryLog,
  entry: MemoryEntry,
  limits: MemoryLimits,
  pinned: readonly string[] = [],
): MemoryLog {
  return add(log, 'decisions', entry, limits, pinned);
}

/** `[MM-DD HH:MM]` in local time. */
function stamp(at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `[${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}]`;
}

function add(
  log: MemoryLog,
  section: MemorySection,
  entry: MemoryEntry,
  limits: MemoryLimits,
  pinned: readonly string[],
): MemoryLog {
  const body = entryBody(entry);
  if (
    body === '' ||
    log.lines.some((line) => line.kind === 'entry' && line.section === section && isSame(line.raw, body))
  ) {
    return log;
  }
  // A third each for the baseline, the best and the newest; a fifth of the whole for anything.
  const third = section === 'results' ? limits.milestone_max_chars / 3 : Number.POSITIVE_INFINITY;
  const most = Math.max(MIN_ENTRY, Math.floor(Math.min(third, limits.log_max_chars / 5)) - 2);
  const newest: MemoryLine = {
    kind: 'entry',
    section,
    raw: clipEntry(`${stamp(entry.at)} ${body}`, most),
    end: log.eol,
  };
  const fitted = fitMemory(insert(withSections(log), newest), newest, limits, pinned);
  const isBare =
    !fitted.lines.some((line) => line.kind === 'entry') && !log.lines.some((line) => line.kind === 'heading');
  return isBare ? log : fitted;
}

/** One line that forges nothing: no heading, no time stamp of another entry, no opening of a comment. */
function entryBody(entry: MemoryEntry): string {
  const text = oneLine(entry.text)
    .replace(/(^|\s)#{1,6}(?=\s|$)/g, '$1')
    .replace(/\[(\d{2}-\d{2} \d{2}:\d{2})\]/g, '($1)')
    .replace(/<!--/g, '< !--')
    .replace(/ {2,}/g, ' ')
    .trim();
  if (entry.run === undefined || text === '') return text;
  const named = text.toLowerCase().startsWith(entry.run.toLowerCase()) && isAbout(text, entry.run);
  return named ? text : `${entry.run.charAt(0).toUpperCase()}${oneLine(entry.run).slice(1)}: ${text}`;
}

/** A clipped entry is the same when what is left of it is, and enough is left to tell. */
function isSame(raw: string, body: string): boolean {
  const there = raw.replace(ENTRY, '');
  if (there === body) return true;
  const start = there.endsWith(CLIPPED) ? there.slice(0, -CLIPPED.length) : '';
  return start.length >= MIN_ENTRY / 2 && body.startsWith(start);
}

/** The same log with both sections; they are appended where they are missing. */
function withSections(log: MemoryLog): MemoryLog {
  const lines = [...log.lines];
  const append = (kind: MemoryLine['kind'], section: MemorySection | null, raw: string) => {
    const last = lines.at(-1);
    if (last !== undefined && last.end === '') lines[lines.length - 1] = { ...last, end: log.eol };
    lines.push({ kind, section, raw, end: log.eol });
  };
  if (lines.every((line) => line.raw.trim() === '')) append('text', null, '# Memory Log');
  for (const section of ['results', 'decisions'] as const) {
    if (lines.some((line) => line.kind === 'heading' && line.section === section)) continue;
    const last = lines.at(-1);
    if (last !== undefined && last.raw !== '') append('text', last.section, '');
    append('heading', section, HEADINGS[section]);
  }
  return { ...log, lines };
}

/** Puts an entry behind the last line of its section that is not blank. */
function insert(log: MemoryLog, entry: MemoryLine): MemoryLog {
  const lines = [...log.lines];
  const start = lines.findIndex((line) => line.kind === 'heading' && line.section === entry.section);
  let next = start + 1;
  for (let i = start + 1; i < lines.length; i++) {
    const line = lines[i];
    if (line === undefined || line.section !== entry.section || line.kind === 'heading') break;
    if (line.raw.trim() !== '') next = i + 1;
  }
  const before = lines[next - 1];
  if (before !== undefined && before.end === '') lines[next - 1] = { ...before, end: log.eol };
  const after = lines[next];
  lines.splice(next, 0, entry);
  // The next heading keeps a blank line before it.
  if (after !== undefined && headingOf(after.raw) !== undefined) {
    lines.splice(next + 1, 0, { ...entry, kind: 'text', raw: '' });
  }
  return { ...log, lines };
}

/** The section that a heading begins: null for a person's own section, undefined for no heading. */
function headingOf(raw: string): MemorySection | null | undefined {
  const match = /^\ufeff?(#{1,2})[ \t]+(\S.*)/.exec(raw);
  if (match === null) return undefined;
  const title = match[1] === '##' ? (match[2] ?? '').trim().toLowerCase() : '';
  return title === 'key results' ? 'results' : title === 'recent decisions' ? 'decisions' : null;
}

function splitLines(text: string): { raw: string; end: string }[] {
  return [...text.matchAll(/([^\n]*?)(\r?\n|$)/g)]
    .map((match) => ({ raw: match[1] ?? '', end: match[2] ?? '' }))
    .filter((line) => line.raw !== '' || line.end !== '');
}
