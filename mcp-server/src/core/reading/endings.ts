import { z } from 'zod';
import { stripAnsi } from './ansi.js';
import {
  ALIVE,
  ENDING_RULES,
  EXCEPTION,
  EXCEPTION_LIKE,
  FindingKind,
  MAYBE,
  WARNING,
} from './ending-rules.js';

export interface TextFinding {
  kind: FindingKind;
  line: number;
  /** The line itself, at most 300 characters. */
  text: string;
  hint: string;
  /** False for what training went on after: a warning, a caught error. */
  fatal: boolean;
}

const Finding = z.strictObject({
  kind: FindingKind,
  line: z.number(),
  text: z.string(),
  hint: z.string(),
  fatal: z.boolean(),
  /** Lines of a training that goes on, seen since. */
  alive: z.number(),
});

/** What a scanner remembers; bounded, plain JSON. */
export const EndingState = z.strictObject({
  found: z.array(Finding),
  /** Ranks, by the prefix of their lines, that are inside a traceback. */
  tracing: z.array(z.string()),
  /** A traceback says that the next one came while handling it. */
  chained: z.boolean(),
  /** The last finding ends in a colon: what it announces may stand in the next line. */
  announced: z.boolean().default(false),
});
export type EndingState = z.output<typeof EndingState>;

export interface EndingScanner {
  /** Looks at one line, or bar segment, of a log, in order. */
  scan(text: string, line: number): void;
  /** An error is open or a traceback is under way, so that ordinary lines matter too. */
  readonly waiting: boolean;
  /** What the log says of an end: fatal findings first, the root cause before what followed from it. */
  findings(): TextFinding[];
  snapshot(): EndingState;
}

const MAX_TEXT = 300;
const KEPT_FIRST = 12;
const KEPT_LAST = 12;
const MAX_ALIKE = 4;
const MAX_TRACING = 64;
/** So many lines of training after an error mean that it was survived. */
const SURVIVED = 3;
const PREFIX =
  /^\s*(?:\[?(?:rank|default|trainer|worker)[ _]?\d+[^\]:]{0,12}[\]:]+:?|\(\w+ pid=\d+[^)]*\)|\d{1,4}:|stderr:|E\s{2,})\s?/i;
const TRACEBACK = /Traceback \(most recent call last\)/;
const CHAINED = /^(?:During handling of the above exception|The above exception was the direct cause)/;

type Held = z.output<typeof Finding>;

/** Finds in a log why a run ended. Never throws; remembers a bounded number of findings. */
export function createEndingScanner(state?: EndingState): EndingScanner {
  const found: Held[] = state?.found.map((finding) => ({ ...finding })) ?? [];
  const tracing = new Set(state?.tracing);
  let chained = state?.chained ?? false;
  let announced = state?.announced ?? false;
  let open = found.some((finding) => finding.fatal);

  const add = (kind: FindingKind, text: string, line: number, hint: string, mild: boolean): void => {
    const last = found.at(-1);
    if (last?.kind === kind && last.line === line) return;
    // In a chain of exceptions the last generic one stands for the chain.
    if (chained && last?.kind === 'traceback' && kind === 'traceback') found.pop();
    chained = false;
    if (found.filter((finding) => finding.kind === kind && finding.fatal === !mild).length >= MAX_ALIKE)
      return;
    found.push({ kind, line, text: text.slice(0, MAX_TEXT), hint, fatal: !mild, alive: 0 });
    if (found.length > KEPT_FIRST + KEPT_LAST) found.splice(KEPT_FIRST, 1);
    open ||= !mild;
    announced = /:\s*$/.test(text);
  };

  /** `Error(s) in loading state_dict for Net:` and under it, indented, `size mismatch for fc.weight`. */
  const complete = (text: string): void => {
    const body = stripAnsi(text.slice(0, 4096)).replace(PREFIX, '');
    const last = found.at(-1);
    announced = false;
    if (last === undefined || !/^\s+\S/.test(body) || isSource(body)) return;
    last.text = `${last.text} ${body.trim()}`.slice(0, MAX_TEXT);
  };

  const survive = (text: string): void => {
    if (!ALIVE.test(text) || MAYBE.test(text)) return;
    for (const finding of found) {
      finding.alive += 1;
      if (finding.alive >= SURVIVED) finding.fatal = false;
    }
    open = found.some((finding) => finding.fatal);
  };

  return {
    scan(text, line) {
      if (announced) complete(text);
      if (tracing.size === 0 && !MAYBE.test(text)) {
        if (open) survive(text);
        return;
      }
      const clean = stripAnsi(text.length > 4096 ? text.slice(-4096) : text).trimEnd();
      const prefix = PREFIX.exec(clean)?.[0] ?? '';
      const body = clean.slice(prefix.length);
      const rank = prefix.trim();
      if (TRACEBACK.test(body)) {
        if (tracing.size < MAX_TRACING) tracing.add(rank);
        return;
      }
      if (CHAINED.test(body)) {
        chained = true;
        return;
      }
      const traced = tracing.has(rank) && !/^\s/.test(body) && body !== '';
      const rule = ENDING_RULES.find((candidate) => candidate.pattern.test(body));
      const exception = EXCEPTION.test(body) || (traced && EXCEPTION_LIKE.test(body));
      if (rule !== undefined && !(isSource(body) && !exception)) {
        add(
          rule.kind,
          around(body, rule.pattern),
          line,
          rule.hint,
          (rule.mild?.test(body) ?? false) || (WARNING.test(body) && !exception),
        );
      } else if (exception && !/Warning\b/.test(body.split(':')[0] ?? '')) {
        add('traceback', body, line, 'The traceback above it shows where.', false);
      } else if (open) survive(text);
      if (traced) tracing.delete(rank);
    },
    get waiting() {
      return open || tracing.size > 0;
    },
    findings() {
      const rank = (finding: Held): number => (finding.fatal ? (finding.kind === 'child_failed' ? 1 : 0) : 2);
      return [...found]
        .sort((a, b) => rank(a) - rank(b) || a.line - b.line)
        .map(({ alive: _, ...finding }) => finding);
    },
    snapshot: () => ({
      found: found.map((finding) => ({ ...finding })),
      tracing: [...tracing],
      chained,
      announced,
    }),
  };
}

/** A line of source or a frame that a traceback quotes, not something that was reported. */
const isSource = (body: string): boolean =>
  /^\s+(?:File "|raise |return |assert |if |except |\w+ = |\w[\w.]*\()|^\s+[~^]+\s*$/.test(body);

/** The part of a long line that says it, with what stands before. */
function around(body: string, pattern: RegExp): string {
  if (body.length <= MAX_TEXT) return body;
  return body.slice(Math.max(0, (pattern.exec(body)?.index ?? 0) - 40)).trim();
}
