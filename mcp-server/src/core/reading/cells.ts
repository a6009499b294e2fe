/** A cell of a line that is cut into columns. */
export interface Cell {
  text: string;
  start: number;
}

// `: 100%|████| 16/16 [00:05<00:00, 2.78it/s]`, with or without the drawing, closes a row or a header that is shown as a bar.
const BAR_TAIL = /(?::\s*|\s)\d+%(?:\|[^|]*\||\s+\d+\/\d+|\s[^|\d]{0,60}\d+\/\d+).*$/;
/** What a cell holds that has no value. */
export const NO_VALUE = /^(?:-+|n\/?a|none|no log|#na#|\*|)$/i;
export const CELL_NUMBER = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|nan|inf)%?$/i;

function cells(text: string, cut: RegExp): Cell[] {
  const out: Cell[] = [];
  let from = 0;
  const push = (to: number): void => {
    const raw = text.slice(from, to);
    const trimmed = raw.trim();
    if (trimmed !== '') out.push({ text: trimmed, start: from + raw.indexOf(trimmed) });
  };
  for (const gap of text.matchAll(cut)) {
    push(gap.index);
    from = gap.index + gap[0].length;
  }
  push(text.length);
  return out;
}

export const BARS = /[|│┃║]/g;
const CUTS: ReadonlyArray<{ cut: Cut['cut']; at: RegExp }> = [
  { cut: 'gaps', at: /\t+| {2,}/g },
  { cut: 'gaps', at: /\s+/g },
  { cut: 'commas', at: /\s*,\s*/g },
  { cut: 'slashes', at: /\s+\/\s+/g },
];

// `│ Trial name     iter │`: only its frame is drawn. `[…]: copypaste: AP,AP50`: a log's prefix before names or numbers with commas.
const FRAME = /^(\s*)[|│┃║]([^|│┃║]*)[|│┃║](\s*)$/;
const LABEL = /^\[[^\]]*\]:? +\w+: +(?=[^\s,]+(?:,[^\s,]+)+\s*$)/;

// `# step  rmse_val`, `Epoch 3: train loss, val loss`
const LEAD = /^\s*(?:#(?=\s)|epoch \d+(?:\/\d+)?:(?= [a-z]))/i;
// `['loss', 'accuracy']` and `[0.41, 0.85]`
const LISTED = /^\s*\[[^[\]]*,[^[\]]*\]\s*$/;
const blank = (text: string): string => ' '.repeat(text.length);

/** A line without what is around its cells, which stay where they are. */
export const body = (text: string): string => {
  const line = withoutLabel(text.replace(BAR_TAIL, '').replace(FRAME, '$1 $2 $3')).replace(LEAD, blank);
  return LISTED.test(line) ? line.replace(/['"[\]]/g, ' ') : line;
};

/** The same text with spaces in place of a log's prefix before a list. */
export function withoutLabel(text: string): string {
  return text.replace(LABEL, (label) => ' '.repeat(label.length));
}

export interface Cut {
  cut: 'bars' | 'gaps' | 'commas' | 'slashes';
  /** At single spaces. */
  loose: boolean;
  row: Cell[];
}

/** Ways to cut a line into cells. One with bars is cut there and nowhere else. */
export function cutsOf(line: string): Cut[] {
  const bars = cells(line, BARS);
  if (bars.length > 1) return [{ cut: 'bars', loose: false, row: bars }];
  return CUTS.map(({ cut, at }, index) => ({ cut, loose: index === 1, row: cells(line, at) }));
}
