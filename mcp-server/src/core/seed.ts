import type { Random } from './ports.js';

const PLACE = '{seed}';

/** How a training is told its seed: words of its command, an environment variable, or both. */
export interface Seeding {
  /** The command with `{seed}` in it; null when it has no such place. */
  template: string[] | null;
  env: string | null;
}

/** Null when neither is declared: then the program cannot vary the seed, and no gain can be confirmed. */
export function seedingOf(argv: readonly string[], seedEnv: string | undefined): Seeding | null {
  const template = argv.some((word) => word.includes(PLACE)) ? [...argv] : null;
  return template === null && seedEnv === undefined ? null : { template, env: seedEnv ?? null };
}

/** The command for one seed. */
export function withSeed(argv: readonly string[], seed: number): string[] {
  return argv.map((word) => word.replaceAll(PLACE, String(seed)));
}

/** A seed that any framework takes (1 to 2³¹ − 1) and that is not among `used`. */
export function drawSeed(random: Random, used: ReadonlySet<number>): number {
  for (;;) {
    const seed = 1 + Math.floor(random() * (2 ** 31 - 1));
    if (!used.has(seed)) return seed;
  }
}

/** The seed of dry runs, which are compared with nothing. */
export const DRY_SEED = 1;

/** What carries the seed in the environment; nothing where no variable is declared. */
export function seedEnv(name: string | null, seed: number | null): Record<string, string> {
  return name === null || seed === null ? {} : { [name]: String(seed) };
}
