import { z } from 'zod';
import { SOURCE_KINDS } from './kinds.js';

/**
 * `runs/<id>/there/index.json`: files of a run on another machine that may hold metrics, and how much of each is here. Paths
 * count from the folder that the run works in there.
 */
export const ThereIndex = z.strictObject({
  files: z.array(
    z.strictObject({
      path: z.string(),
      kind: z.enum(SOURCE_KINDS),
      size: z.number().describe('bytes there'),
      mtime: z.number().describe('milliseconds, by the clock there'),
      birth: z.number().describe('milliseconds, by the clock here; 0 = unknown'),
      id: z.string(),
      bytes: z.number().describe('bytes of it that are here, from its beginning'),
      copy: z.string().describe('name of the file here that holds them'),
    }),
  ),
});
export type ThereIndex = z.output<typeof ThereIndex>;
export type ThereFile = ThereIndex['files'][number];

/** The folder of a run's own files, as a path below the folder that it works in. */
export const ownFolder = (marker: string): string =>
  `.auto-experiment/runs/${marker.replace(/[^A-Za-z0-9_.-]/g, '-')}`;

/** Shell: the tests of find(1) for names that `kindByName` may take, and what is not looked into. As on this computer. */
export const FIND_SOURCES = (() => {
  const skipped = [
    ...['.?*', 'node_modules', '__pycache__', 'site-packages', 'venv', 'env', 'data', 'dataset', 'datasets'],
    ...['image', 'images', 'target', 'build', 'dist', 'artifacts'],
  ];
  const names = [
    ...['*tfevents.*', '*.wandb', 'wandb-summary.json', 'trainer_state.json', '*.csv', '*.tsv', '*.jsonl'],
    ...['*.ndjson', '*.log.json', 'log.txt', 'metrics.json', 'scalars.json'],
  ];
  const any = (words: readonly string[]): string => words.map((word) => `-name '${word}'`).join(' -o ');
  return `-maxdepth 7 \\( ${any(skipped)} \\) -prune -o -type f \\( ${any(names)} -o -path '*/metrics/*' \\)`;
})();
