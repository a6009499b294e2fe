/**
 * Redraws a few lines in place. Each frame goes out as one write, lines are cleared to their end and what is left of a
 * longer frame below it, so nothing flickers or stays behind.
 */
export function createLive(write: (text: string) => void): {
  draw(lines: readonly string[]): void;
  done(): void;
} {
  let height = 0;
  return {
    draw(lines) {
      const up = height > 0 ? `\u001b[${height}A` : '';
      write(`\r${up}${lines.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`);
      height = lines.length;
    },
    done() {
      height = 0;
    },
  };
}
