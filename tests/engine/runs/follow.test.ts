import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FileSlice } from '../../../mcp-server/src/core/ports.js';
import type { Line } from '../../../mcp-server/src/core/reading/lines.js';
import { createFollower, type Follower, FollowState } from '../../../mcp-server/src/engine/runs/follow.js';

/** One file on a machine that counts the questions it is asked. */
class FakeFile {
  data: Uint8Array | null = new Uint8Array(0);
  id = 'a';
  asked = 0;
  largest = 0;
  /** What a lagging network file system still shows. */
  shown: number | null = null;

  append(text: string): void {
    this.data = Uint8Array.from([...(this.data ?? []), ...new TextEncoder().encode(text)]);
  }

  async readFrom(_path: string, offset: number, maxBytes: number): Promise<FileSlice | null> {
    this.asked += 1;
    if (this.data === null) return null;
    const data = this.data.subarray(0, this.shown ?? this.data.length);
    const bytes = data.slice(offset, offset + maxBytes);
    this.largest = Math.max(this.largest, bytes.length);
    return { bytes, size: data.length, id: this.id };
  }
}

const texts = (lines: readonly Line[]): string[] => lines.map(({ text }) => text);

async function drain(follower: Follower) {
  const lines: Line[] = [];
  let restarted = false;
  for (;;) {
    const polled = await follower.poll();
    lines.push(...polled.lines);
    restarted ||= polled.restarted;
    if (!polled.more) return { ...polled, lines, restarted };
  }
}

describe('follower', () => {
  it('gives each line once, as it is completed, and asks once when there is nothing new', async () => {
    const file = new FakeFile();
    const follower = createFollower(file, 'log');
    file.append('one\ntw');
    expect(texts((await drain(follower)).lines)).toEqual(['one']);
    file.append('o\nthree');
    expect(texts((await drain(follower)).lines)).toEqual(['two']);
    file.asked = 0;
    expect(await follower.poll()).toMatchObject({
      lines: [],
      grew: false,
      more: false,
      size: 13,
      restarted: false,
    });
    expect(file.asked).toBe(1);
    expect(follower.end().map(({ text, line, at }) => [text, line, at])).toEqual([['three', 3, 13]]);
  });

  it('waits for a file that is not there', async () => {
    const file = new FakeFile();
    file.data = null;
    const follower = createFollower(file, 'log');
    expect(await follower.poll()).toMatchObject({ lines: [], grew: false, size: 0 });
    file.append('x\n');
    expect(texts((await drain(follower)).lines)).toEqual(['x']);
  });

  it('reads a large file in pieces of at most 512 KiB', async () => {
    const file = new FakeFile();
    file.data = new TextEncoder().encode(`${'x'.repeat(99)}\n`.repeat(32_000));
    const follower = createFollower(file, 'log');
    const first = await follower.poll();
    expect(first).toMatchObject({ more: true, grew: true });
    const rest = await drain(follower);
    expect(first.lines.length + rest.lines.length).toBe(32_000);
    expect(file.largest).toBeLessThanOrEqual(1 << 19);
  });

  it.each<[string, (file: FakeFile) => void]>([
    [
      'cut to nothing',
      (file) => {
        file.data = new Uint8Array(0);
        file.append('new 1\nnew 2\n');
      },
    ],
    [
      'cut and grown beyond where it was',
      (file) => {
        file.data = new Uint8Array(0);
        file.append(`new 1\nnew 2\n${'long\n'.repeat(40)}`);
      },
    ],
    [
      'replaced by another file',
      (file) => {
        file.id = 'b';
        file.data = new Uint8Array(0);
        file.append('new 1\nnew 2\n');
      },
    ],
  ])('starts again when it is %s, and offsets go on', async (_, change) => {
    const file = new FakeFile();
    const follower = createFollower(file, 'log');
    file.append('old 1\nold 2\nold 3\nold 4\n');
    const before = await drain(follower);
    change(file);
    const after = await drain(follower);
    expect(after.restarted).toBe(true);
    expect(texts(after.lines).slice(0, 2)).toEqual(['new 1', 'new 2']);
    expect(after.lines[0]?.line).toBe(1);
    expect(after.lines[0]?.at).toBe((before.lines.at(-1)?.at ?? 0) + 6);
  });

  it('does not take a lagging file system for a cut file, unless it stays so', async () => {
    const file = new FakeFile();
    const follower = createFollower(file, 'log');
    file.append('a\nb\nc\n');
    await drain(follower);
    file.shown = 2;
    expect(await follower.poll()).toMatchObject({ lines: [], restarted: false });
    file.shown = null;
    file.append('d\n');
    expect(texts((await drain(follower)).lines)).toEqual(['d']);
    file.shown = 2;
    const restarts: boolean[] = [];
    for (let i = 0; i < 6; i += 1) restarts.push((await follower.poll()).restarted);
    expect(restarts.filter(Boolean).length).toBe(1);
  });

  it('skips and doubles nothing over any sequence of appends, cuts, replacements and restarts of its own', async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.tuple(fc.constant('append'), fc.stringMatching(/^[ab\n\r]{0,12}$/)) },
      { weight: 2, arbitrary: fc.tuple(fc.constant('resume'), fc.constant('')) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('replace'), fc.stringMatching(/^[ab\n]{0,12}$/)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('remove'), fc.constant('')) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const file = new FakeFile();
        let follower = createFollower(file, 'log');
        const got: Line[] = [];
        const expected: string[] = [];
        let content = '';
        let ids = 0;
        const completed = (text: string, last: boolean): string[] => {
          const ready = last ? text : text.slice(0, text.lastIndexOf('\n') + 1);
          return ready.split(/\n|\r/).filter((line) => line !== '');
        };
        for (const [kind, text] of steps) {
          if (kind === 'append') {
            content += text;
            file.append(text);
          } else if (kind === 'resume') {
            follower = createFollower(
              file,
              'log',
              FollowState.parse(JSON.parse(JSON.stringify(follower.snapshot()))),
            );
          } else if (kind === 'replace') {
            // Segments that a return ended were given already; what is unfinished goes with the file.
            const given = content.slice(
              0,
              Math.max(content.lastIndexOf('\n'), content.slice(0, -1).lastIndexOf('\r')) + 1,
            );
            expected.push(...completed(given, true));
            content = text;
            file.id = `other ${++ids}`;
            file.data = new TextEncoder().encode(text);
          } else {
            const { data } = file;
            file.data = null;
            await follower.poll();
            file.data = data;
          }
          got.push(...(await drain(follower)).lines);
        }
        got.push(...follower.end());
        expected.push(...completed(content, true));
        expect(texts(got).filter((line) => line !== '')).toEqual(expected);
        const offsets = got.map(({ at }) => at);
        expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
      }),
      { numRuns: 300 },
    );
  });
});
