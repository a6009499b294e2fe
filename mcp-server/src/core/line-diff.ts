/** Lines around a change that are shown. */
const CONTEXT = 3;

/** Beyond this many changed lines in one place the rest counts as replaced: finding the least change would take too long. */
const MAX_CHANGES = 1000;

type Step = { kind: ' ' | '-' | '+'; line: string };

/**
 * The hunks of a unified diff from `a` to `b`, '' when they are equal. The least change in lines (Myers, "An O(ND)
 * difference algorithm", 1986).
 */
export function unifiedDiff(a: string, b: string): string {
  if (a === b) return '';
  const steps = compare(linesOf(a), linesOf(b));
  let out = '';
  for (const [start, end] of hunks(steps)) {
    const before = steps.slice(0, start);
    const hunk = steps.slice(start, end);
    const count = (part: readonly Step[], skip: '+' | '-') =>
      part.filter((step) => step.kind !== skip).length;
    const range = (skip: '+' | '-') => {
      const length = count(hunk, skip);
      return `${count(before, skip) + (length === 0 ? 0 : 1)},${length}`;
    };
    out += `@@ -${range('+')} +${range('-')} @@\n`;
    for (const { kind, line } of hunk) {
      out += line.endsWith('\n') ? kind + line : `${kind}${line}\n\\ No newline at end of file\n`;
    }
  }
  return out;
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Ranges of steps to show: changes with their context, joined where they touch. */
function hunks(steps: readonly Step[]): [number, number][] {
  const ranges: [number, number][] = [];
  steps.forEach((step, index) => {
    if (step.kind === ' ') return;
    const last = ranges.at(-1);
    const start = Math.max(0, index - CONTEXT);
    const end = Math.min(steps.length, index + CONTEXT + 1);
    if (last !== undefined && start <= last[1]) last[1] = end;
    else ranges.push([start, end]);
  });
  return ranges;
}

function compare(a: readonly string[], b: readonly string[]): Step[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (
    tail < a.length - head &&
    tail < b.length - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  )
    tail++;
  const same = (line: string): Step => ({ kind: ' ', line });
  return [
    ...a.slice(0, head).map(same),
    ...leastChange(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(same),
  ];
}

function leastChange(a: readonly string[], b: readonly string[]): Step[] {
  // reached[k + d] after d changes: how far into `a` the diagonal k = (place in a) - (place in b) has come.
  const trace: Int32Array[] = [];
  for (let d = 0; d <= Math.min(a.length + b.length, MAX_CHANGES); d++) {
    const before = trace.at(-1);
    const reached = new Int32Array(2 * d + 1);
    trace.push(reached);
    for (let k = -d; k <= d; k += 2) {
      let x =
        before === undefined
          ? 0
          : isDown(before, d, k)
            ? at(before, d - 1, k + 1)
            : at(before, d - 1, k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      reached[k + d] = x;
      if (x >= a.length && x - k >= b.length) return walkBack(trace, a, b);
    }
  }
  return [...a.map((line): Step => ({ kind: '-', line })), ...b.map((line): Step => ({ kind: '+', line }))];
}

const at = (reached: Int32Array, d: number, k: number) => reached[k + d] ?? -1;

/** Whether the best way onto diagonal k is to insert a line (down) rather than to delete one (right). */
function isDown(before: Int32Array, d: number, k: number): boolean {
  return k === -d || (k !== d && at(before, d - 1, k - 1) < at(before, d - 1, k + 1));
}

function walkBack(trace: readonly Int32Array[], a: readonly string[], b: readonly string[]): Step[] {
  const steps: Step[] = [];
  let x = a.length;
  let y = b.length;
  for (let d = trace.length - 1; d >= 0; d--) {
    const before = trace[d - 1];
    const down = before !== undefined && isDown(before, d, x - y);
    const k = down ? x - y + 1 : x - y - 1;
    const fromX = before === undefined ? 0 : at(before, d - 1, k);
    const fromY = before === undefined ? 0 : fromX - k;
    const [stopX, stopY] = before === undefined ? [0, 0] : down ? [fromX, fromY + 1] : [fromX + 1, fromY];
    while (x > stopX && y > stopY) {
      x -= 1;
      y -= 1;
      steps.push({ kind: ' ', line: a[x] ?? '' });
    }
    if (before !== undefined)
      steps.push(down ? { kind: '+', line: b[fromY] ?? '' } : { kind: '-', line: a[fromX] ?? '' });
    x = fromX;
    y = fromY;
  }
  return steps.reverse();
}
