import { mkdirSync, mkdtempSync, rmSync, statfsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errorText } from '../core/errors.js';
import { formatMark } from '../core/mark.js';
import { bad, type Check, good, note } from './check.js';

/** Whether the disk has room for what training writes. */
export function disk(root: string): Check {
  const { bavail, bsize } = statfsSync(root);
  const gib = (bavail * bsize) / 2 ** 30;
  const text = `${gib.toFixed(1)} GiB free`;
  return gib < 1
    ? note('disk', text, 'checkpoints fill disks overnight: free some space first')
    : good('disk', text);
}

/** Endings are kept as links, which some file systems (FAT, some network shares) do not have. */
export function records(root: string): Check {
  try {
    mkdirSync(root, { recursive: true });
    const folder = mkdtempSync(join(root, '.auto-experiment-doctor-'));
    try {
      symlinkSync(formatMark({ rc: 0 }), join(folder, 'exited'));
      return good('records', 'the project folder can be written and holds links');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  } catch (error) {
    return bad(
      'records',
      `the project folder cannot hold the records of runs: ${errorText(error)}`,
      'choose a folder on a local Linux file system that you may write',
    );
  }
}
