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
  const strokes = (name: string, points: readonly (readonly [number, number])[][]): void => {
    draw.lineWidth = 1.8;
    draw.strokeStyle = colour(name);
    draw.beginPath();
    for (const part of points)
      for (const [index, [dx, dy]] of part.entries()) {
        if (index === 0) draw.moveTo(x + dx, y + dy);
        else draw.lineTo(x + dx, y + dy);
      }
    draw.stroke();
  };
  const a = r - 0.8;
  switch (sign) {
    case 'baseline':
      draw.fillStyle = colour('--ink');
      draw.fillRect(x - r, y - r, 2 * r, 2 * r);
      return;
    case 'confirmed':
      circle(r + 1);
      draw.fillStyle = colour('--good');
      draw.fill();
      return;
    case 'unconfirmed':
      return hollow('--maybe');
    case 'inconclusive':
      return hollow('--c7');
    case 'unjudged':
      return hollow('--c0');
    case 'running':
      return hollow('--c0', [2, 2]);
    case 'rejected':
      circle(r - 1);
      draw.fillStyle = colour('--c7');
      draw.fill();
      return;
    case 'above':
      return strokes('--c7', [[[-a, a], [0, 0], [a, a]]]);
    case 'below':
      return strokes('--c7', [[[-a, -a], [0, 0], [a, -a]]]);
    case 'failed':
      return strokes('--bad', [[[-a, -a], [a, a]], [[-a, a], [a, -a]]]);
  }
}
