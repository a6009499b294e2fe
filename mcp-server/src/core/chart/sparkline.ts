const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/**
 * A curve in one line of block characters, at most `width` wide, oldest first. Longer curves are averaged in equal
 * parts. A part without any finite value is a space; nothing finite at all gives an empty text.
 */
export function sparkline(values: readonly number[], width = 24): string {
  const parts = Math.min(Math.floor(width), values.length);
  const means = Array.from({ length: Math.max(0, parts) }, (_, part) => {
    const from = Math.floor((part * values.length) / parts);
    const to = Math.floor(((part + 1) * values.length) / parts);
    const finite = values.slice(from, to).filter(Number.isFinite);
    return (
      finite.reduce((sum, value) => sum + value / finite.length, 0) + (finite.length === 0 ? Number.NaN : 0)
    );
  });
  const known = means.filter(Number.isFinite);
  if (known.length === 0) return '';
  const low = Math.min(...known);
  const high = Math.max(...known);
  return means
    .map((mean) => {
      if (!Number.isFinite(mean)) return ' ';
      // Halves first: the span of two huge values of opposite sign is itself infinite.
      const height = high === low ? 0.5 : (mean / 2 - low / 2) / (high / 2 - low / 2);
      return BLOCKS[Math.min(7, Math.floor(height * 8))] ?? ' ';
    })
    .join('');
}
