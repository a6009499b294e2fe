import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from '../../../mcp-server/src/core/reading/lines.js';
import { createLogReader } from '../../../mcp-server/src/core/reading/log.js';
import { createMetricReader, type MetricReader } from '../../../mcp-server/src/core/reading/reader.js';

/**
 * A reader remembers how lines were read and reads those that differ in their numbers alone by that. One that is made from
 * its saved state remembers nothing and reads each line from scratch: both have to say the same, of every line.
 */
const FOLDER = join(import.meta.dirname, 'samples');
const FILES = readdirSync(FOLDER).map((file) =>
  readFileSync(join(FOLDER, file), 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('=> {')),
);

function readBoth(reader: MetricReader, text: string, line: number): void {
  const scratch = createMetricReader(reader.snapshot());
  const said = scratch.read(text, line);
  expect({ text, said: reader.read(text, line) }).toEqual({ text, said });
  expect(reader.snapshot()).toEqual(scratch.snapshot());
}

/** Other digits in the place of those that a text has: as many, and none of them changes what kind of number it is. */
const otherDigits = (text: string, random: () => number): string =>
  text.replace(/\d/g, (digit) => (digit === '0' ? '0' : String(1 + Math.floor(random() * 9))));

const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

describe('the remembered and the fresh reading', () => {
  it('say the same of all samples, thrice over', () => {
    const reader = createMetricReader();
    let line = 0;
    for (const round of [0, 1, 2]) {
      const random = randomOf(round);
      for (const text of FILES.flat()) {
        line += 1;
        readBoth(reader, round === 0 ? text : otherDigits(text, random), line);
      }
    }
  });

  it('say the same of lines in any order, with other numbers and torn', () => {
    const all = FILES.flat();
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(all.length - 1), fc.nat(), fc.option(fc.nat(200), { freq: 8 })), {
          minLength: 1,
          maxLength: 60,
        }),
        (picks) => {
          const reader = createMetricReader();
          for (const [index, [pick, seed, cut]] of [...picks, ...picks].entries()) {
            const text = otherDigits(all[pick] ?? '', randomOf(seed + index));
            readBoth(reader, cut === null ? text : text.slice(0, cut), index + 1);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('say the same whether the words or a look for its end tell where a line ends, however the bytes are cut', () => {
    const all = FILES.flat();
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.nat(all.length - 1),
            fc.nat(),
            fc.constantFrom('\n', '\n', '\r\n', '\r', '\n\n', ' \n'),
          ),
          { minLength: 1, maxLength: 40 },
        ),
        fc.integer({ min: 1, max: 5000 }),
        (picks, size) => {
          const text = [0, 1, 2]
            .flatMap((round) =>
              picks.map(([pick, seed, end]) => otherDigits(all[pick] ?? '', randomOf(seed + round)) + end),
            )
            .join('');
          const bytes = new TextEncoder().encode(text);
          const [known, looked] = [createLogReader(), createLogReader()];
          const [feeding, pushing] = [new LineSplitter(), new LineSplitter()];
          for (let from = 0; from < bytes.length; from += size) {
            const chunk = bytes.slice(from, from + size);
            feeding.feed(chunk, known);
            expect(known.drain()).toEqual(looked.read(pushing.push(chunk)));
            expect(feeding.snapshot()).toEqual(pushing.snapshot());
          }
          expect(known.snapshot()).toEqual(looked.snapshot());
        },
      ),
      { numRuns: 150 },
    );
  });
});
