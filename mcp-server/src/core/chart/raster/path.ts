export type Dot = readonly [x: number, y: number];

/**
 * Lines of a path: the commands M L H V and their small forms as SVG has them, and `@cx,cy,rx,ry,from,to` for a part of
 * an ellipse in degrees, against the clock where y grows upwards. An arc goes on from where the line is.
 */
export function readPath(d: string): Dot[][] {
  const lines: Dot[][] = [];
  let [x, y] = [0, 0];
  let line: Dot[] | null = null;
  const to = (nx: number, ny: number): void => {
    if (line === null) {
      line = [[x, y]];
      lines.push(line);
    }
    [x, y] = [nx, ny];
    line.push([x, y]);
  };
  const tokens = d.match(/[a-zA-Z@]|-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/g) ?? [];
  let at = 0;
  let command = 'M';
  const isNumber = (): boolean => at < tokens.length && !/^[a-zA-Z@]$/.test(tokens[at] ?? '');
  const next = (): number => Number(tokens[at++] ?? 0);
  while (at < tokens.length) {
    if (isNumber()) {
      // Numbers without a command of their own repeat the last one; after a move they are lines.
      if (command === 'M') command = 'L';
      if (command === 'm') command = 'l';
    } else command = tokens[at++] ?? 'M';
    switch (command) {
      case 'M':
        [x, y] = [next(), next()];
        line = null;
        break;
      case 'm':
        [x, y] = [x + next(), y + next()];
        line = null;
        break;
      case 'L':
        to(next(), next());
        break;
      case 'l':
        to(x + next(), y + next());
        break;
      case 'H':
        to(next(), y);
        break;
      case 'h':
        to(x + next(), y);
        break;
      case 'V':
        to(x, next());
        break;
      case 'v':
        to(x, y + next());
        break;
      case '@': {
        const [cx, cy, rx, ry, from, end] = [next(), next(), next(), next(), next(), next()];
        const steps = Math.max(2, Math.ceil(Math.abs(end - from) / 15));
        for (let step = 0; step <= steps; step++) {
          const angle = ((from + ((end - from) * step) / steps) * Math.PI) / 180;
          const [px, py] = [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)];
          if (step === 0 && line === null) [x, y] = [px, py];
          else to(px, py);
        }
        break;
      }
      default:
        // A path is closed, or a command that our charts do not use.
        break;
    }
  }
  return lines;
}

/** The drawn parts of a line with a pattern of lengths drawn and left out. */
export function dashed(line: readonly Dot[], pattern: readonly number[]): Dot[][] {
  const lengths = pattern.filter((length) => length > 0);
  if (lengths.length < 2) return [[...line]];
  const parts: Dot[][] = [];
  let [index, left] = [0, lengths[0] ?? 1];
  let part: Dot[] | null = null;
  for (let i = 1; i < line.length; i++) {
    const [from, to] = [line[i - 1], line[i]];
    if (from === undefined || to === undefined) break;
    const whole = Math.hypot(to[0] - from[0], to[1] - from[1]);
    for (let done = 0; done < whole; ) {
      const step = Math.min(left, whole - done);
      const point = (length: number): Dot => [
        from[0] + ((to[0] - from[0]) * length) / whole,
        from[1] + ((to[1] - from[1]) * length) / whole,
      ];
      if (index % 2 === 0) {
        if (part === null) {
          part = [point(done)];
          parts.push(part);
        }
        part.push(point(done + step));
      }
      done += step;
      left -= step;
      if (left > 0) continue;
      index = (index + 1) % (lengths.length % 2 === 0 ? lengths.length : 2 * lengths.length);
      left = lengths[index % lengths.length] ?? 1;
      part = null;
    }
  }
  return parts;
}
