import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

// The palette of the page by the contrast that WCAG 2.2 asks for: 4.5 for text, 3 for signs and edges of controls.

const PUBLIC = 'mcp-server/public';
const css = readFileSync(join(PUBLIC, 'app.css'), 'utf8');

function palette(selector: string): Map<string, string> {
  const block = css.slice(css.indexOf(`${selector} {`)).split('}')[0] ?? '';
  return new Map(
    [...block.matchAll(/(--[\w-]+): (#[0-9a-f]{3,6})/g)].map(([, name, value]) => [name ?? '', value ?? '']),
  );
}

/** Relative luminance of sRGB. */
function luminance(hex: string): number {
  const long = hex.length === 4 ? [...hex.slice(1)].map((digit) => digit + digit).join('') : hex.slice(1);
  const [r, g, b] = [0, 2, 4].map((at) => {
    const share = Number.parseInt(long.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05);
}

const TEXT = [
  ...['--ink', '--soft', '--link', '--good', '--maybe', '--bad'].flatMap((ink) =>
    ['--paper', '--card'].map((ground) => [ink, ground]),
  ),
  ...['--ink', '--soft'].flatMap((ink) => ['--plain-bg', '--code'].map((ground) => [ink, ground])),
  ['--good', '--good-bg'],
  ['--maybe', '--maybe-bg'],
  ['--bad', '--bad-bg'],
  ['--good', '--code'],
  ['--bad', '--code'],
  ['--on-link', '--link'],
];
const SIGNS = [
  ...Array.from({ length: 8 }, (_, index) => `--c${index}`),
  '--edge',
  '--good',
  '--maybe',
  '--bad',
  '--link',
].map((ink) => [ink, '--card']);

describe.each([
  ['light', ':root'],
  ['dark', ':root[data-theme="dark"]'],
])('colours, %s', (_, selector) => {
  const colours = palette(selector);
  it.each([...TEXT.map((pair) => [...pair, 4.5]), ...SIGNS.map((pair) => [...pair, 3])])(
    '%s on %s has %d : 1',
    (ink, ground, least) => {
      expect(
        contrast(colours.get(String(ink)) ?? '', colours.get(String(ground)) ?? ''),
      ).toBeGreaterThanOrEqual(Number(least));
    },
  );
});

describe('the page’s own code', () => {
  const files = readdirSync(PUBLIC)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ name, text: readFileSync(join(PUBLIC, name), 'utf8') }));

  it('imports values from core alone, and from the engine only types', () => {
    const wrong = files.flatMap(({ name, text }) =>
      [...text.matchAll(/^import (type )?[^;]*? from '([^']+)';/gm)]
        .filter(
          ([, type, path]) =>
            !(
              path?.startsWith('./') ||
              path?.startsWith('../src/core/') ||
              (type !== undefined && path?.startsWith('../src/engine/'))
            ),
        )
        .map(([line]) => `${name}: ${line}`),
    );
    expect(wrong).toEqual([]);
  });

  it('makes no markup of text, and is in small files', () => {
    for (const { name, text } of files) {
      expect(text, name).not.toMatch(
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(|new Function/,
      );
      expect(text.split('\n').length, name).toBeLessThanOrEqual(301);
    }
  });
});
