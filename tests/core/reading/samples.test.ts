import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from '../../../mcp-server/src/core/reading/lines.js';
import { createMetricReader } from '../../../mcp-server/src/core/reading/reader.js';

/**
 * Lines as the frameworks print them, noise included. Under a line that tells something stands `=> {metrics} step N
 * epoch N split`; a line with nothing under it tells nothing.
 */
const FOLDER = join(import.meta.dirname, 'samples');

/** The annotated text with the reader's own answers in place of the annotations. */
function reannotate(annotated: string): string {
  const lines = annotated.split('\n').filter((line) => !line.startsWith('=> {'));
  const splitter = new LineSplitter();
  const reader = createMetricReader();
  const out: string[] = [];
  const said = splitter.push(new TextEncoder().encode(lines.join('\n')));
  for (const line of [...said, ...splitter.end()]) {
    out.push(line.text);
    for (const { metrics, step, epoch, split } of reader.read(line.text, line.line)) {
      const values = JSON.stringify(metrics, (_, value: unknown) =>
        typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
      );
      const place = [step === null ? '' : ` step ${step}`, epoch === null ? '' : ` epoch ${epoch}`];
      out.push(`=> ${values}${place.join('')}${split === null ? '' : ` ${split}`}`);
    }
  }
  return out.join('\n');
}

describe('the lines of the frameworks', () => {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.txt'));

  it('are there', () => {
    expect(files.length).toBeGreaterThan(20);
  });

  it.each(files)('%s', (file) => {
    const text = readFileSync(join(FOLDER, file), 'utf8').trimEnd();
    expect(text).toContain('\n=> ');
    expect(reannotate(text)).toBe(text);
  });
});
