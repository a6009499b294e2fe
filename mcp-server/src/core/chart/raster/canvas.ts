import type { Dot } from './path.js';

/** Where drawing is allowed, in pixels. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Red, green, blue; 0 to 255. */
export type Colour = readonly [number, number, number];

/** A picture of pixels, three bytes each, on which smooth lines and discs are drawn. */
export interface Canvas {
  width: number;
  height: number;
  pixels: Uint8Array;
  fillRect(box: Box, colour: Colour): void;
  /** One shape of several lines: where they cross nothing is drawn twice. `width` in pixels, ends are round. */
  strokes(lines: readonly (readonly Dot[])[], width: number, colour: Colour, clip?: Box): void;
  disc(x: number, y: number, radius: number, colour: Colour, clip?: Box): void;
}

export function createCanvas(width: number, height: number, paper: Colour): Canvas {
  const pixels = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) pixels.set(paper, i * 3);
  // How much of each pixel the shape that is being drawn covers, 0 to 255, and which ones it has touched.
  const cover = new Uint8Array(width * height);
  const touched: number[] = [];
  const all: Box = { left: 0, top: 0, right: width, bottom: height };

  const mark = (box: Box, clip: Box, distance: (x: number, y: number) => number): void => {
    const left = Math.max(0, Math.floor(Math.max(box.left, clip.left)));
    const right = Math.min(width, Math.ceil(Math.min(box.right, clip.right)));
    const top = Math.max(0, Math.floor(Math.max(box.top, clip.top)));
    const bottom = Math.min(height, Math.ceil(Math.min(box.bottom, clip.bottom)));
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const share = Math.min(1, 0.5 - distance(x + 0.5, y + 0.5));
        if (share <= 0) continue;
        const at = y * width + x;
        const value = Math.round(share * 255);
        if (cover[at] === 0) touched.push(at);
        if (value > (cover[at] ?? 0)) cover[at] = value;
      }
    }
  };

  const paint = (colour: Colour): void => {
    for (const at of touched) {
      const share = (cover[at] ?? 0) / 255;
      for (let part = 0; part < 3; part++) {
        const old = pixels[at * 3 + part] ?? 0;
        pixels[at * 3 + part] = Math.round(old + ((colour[part] ?? 0) - old) * share);
      }
      cover[at] = 0;
    }
    touched.length = 0;
  };

  return {
    width,
    height,
    pixels,
    fillRect(box, colour) {
      // The signed distance to the nearest edge, negative within.
      mark(
        { left: box.left - 1, top: box.top - 1, right: box.right + 1, bottom: box.bottom + 1 },
        all,
        (x, y) => Math.max(box.left - x, x - box.right, box.top - y, y - box.bottom),
      );
      paint(colour);
    },
    strokes(lines, thickness, colour, clip = all) {
      const half = thickness / 2;
      for (const line of lines) {
        for (let i = 1; i < line.length; i++) {
          const [ax, ay] = line[i - 1] ?? [0, 0];
          const [bx, by] = line[i] ?? [0, 0];
          const [dx, dy] = [bx - ax, by - ay];
          const square = dx * dx + dy * dy;
          const reach = half + 1;
          const box = {
            left: Math.min(ax, bx) - reach,
            right: Math.max(ax, bx) + reach,
            top: Math.min(ay, by) - reach,
            bottom: Math.max(ay, by) + reach,
          };
          mark(box, clip, (x, y) => {
            const along =
              square === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / square));
            return Math.hypot(x - ax - along * dx, y - ay - along * dy) - half;
          });
        }
      }
      paint(colour);
    },
    disc(x, y, radius, colour, clip = all) {
      const reach = radius + 1;
      const box = { left: x - reach, right: x + reach, top: y - reach, bottom: y + reach };
      mark(box, clip, (px, py) => Math.hypot(px - x, py - y) - radius);
      paint(colour);
    },
  };
}
