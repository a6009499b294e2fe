import type { Sign } from '../src/core/chart/run-signs.js';

/** Draws a run’s sign as the report does: shape and fill tell them apart without colour, only what is confirmed is full and green. */
export function drawSign(
  draw: CanvasRenderingContext2D,
  colour: (name: string) => string,
  sign: Sign,
  x: number,
  y: number,
  r: number,
): void {
  const circle = (radius: number): void => {
    draw.beginPath();
    draw.arc(x, y, radius, 0, 2 * Math.PI);
  };
  const hollow = (name: string, dash: number[] = []): void => {
    circle(r);
    draw.fillStyle = colour('--card');
    draw.fill();
    draw.lineWidth = 2;
    draw.setLineDash(dash);
    draw.strokeStyle = colour(name);
    draw.stroke();
    draw.setLineDash([]);
  };
  /** Each line as its points: x, y, x, y, … */
  const strokes = (name: string, ...lines: readonly number[][]): void => {
    draw.lineWidth = 1.8;
    draw.strokeStyle = colour(name);
    draw.beginPath();
    for (const points of lines)
      for (let index = 0; index < points.length; index += 2) {
        const [left, top] = [x + (points[index] ?? 0), y + (points[index + 1] ?? 0)];
        if (index === 0) draw.moveTo(left, top);
        else draw.lineTo(left, top);
      }
    draw.stroke();
  };
  const a = r - 0.8;
  switch (sign) {
    case 'baseline':
      draw.fillStyle = colour('--ink');
      draw.fillRect(x - r, y - r, 2 * r, 2 * r);
      break;
    case 'confirmed':
      circle(r + 1);
      draw.fillStyle = colour('--good');
      draw.fill();
      break;
    case 'unconfirmed':
      hollow('--maybe');
      break;
    case 'inconclusive':
      hollow('--c7');
      break;
    case 'unjudged':
      hollow('--c0');
      break;
    case 'running':
      hollow('--c0', [2, 2]);
      break;
    case 'rejected':
      circle(r - 1);
      draw.fillStyle = colour('--c7');
      draw.fill();
      break;
    case 'above':
      strokes('--c7', [-a, a, 0, 0, a, a]);
      break;
    case 'below':
      strokes('--c7', [-a, -a, 0, 0, a, -a]);
      break;
    case 'failed':
      strokes('--bad', [-a, -a, a, a], [-a, a, a, -a]);
      break;
  }
}
