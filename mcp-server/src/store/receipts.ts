import { readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../core/errors.js';
import { RUN_ID, runNumber } from '../core/run.js';
import { makeFolders } from './project.js';

/** Notes down that an agent is owed the ending of a run. Doing so twice changes nothing. Throws the system's error. */
export function oweEnding(receipts: string, run: string): void {
  makeFolders(receipts);
  try {
    writeFileSync(join(receipts, run), '', { flag: 'wx' });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

/** Runs whose ending nobody has fetched yet, the oldest first. */
export function owedEndings(receipts: string): string[] {
  try {
    return readdirSync(receipts)
      .filter((name) => RUN_ID.test(name))
      .sort((a, b) => runNumber(a) - runNumber(b));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Takes the note away: true for the one caller that may tell the ending, false for all others. */
export function claimEnding(receipts: string, run: string): boolean {
  try {
    unlinkSync(join(receipts, run));
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
