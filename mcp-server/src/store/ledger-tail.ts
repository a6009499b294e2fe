import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { apply, replay, type WholeCampaign } from '../core/campaign.js';
import { errorCode } from '../core/errors.js';
import type { LedgerRecord } from '../core/ledger.js';
import { badLineWords, parseLedgerLine } from './ledger.js';
import { storageError } from './project.js';

const CHUNK = 1 << 20;

export interface LedgerTail {
  /**
   * Reads what is new and returns it. `begun` is true when the file was read from its beginning: at first, and when it
   * was replaced or cut. Throws LabError.
   */
  read(): { fresh: LedgerRecord[]; begun: boolean };
  campaign(): WholeCampaign;
  warnings(): string[];
}

/** The ledger replayed, and read on as it grows: a long campaign is read once. Says the same as `readCampaign`. */
export function createLedgerTail(path: string): LedgerTail {
  let campaign = replay([]);
  let file: string | null = null;
  let offset = 0;
  let rest = '';
  /** The last line was whole although no line break follows it yet. */
  let ahead = false;
  let lines = 0;
  let bad: number[] = [];

  const restart = (id: string | null): void => {
    campaign = replay([]);
    file = id;
    offset = 0;
    rest = '';
    ahead = false;
    lines = 0;
    bad = [];
  };

  const take = (line: string, fresh: LedgerRecord[]): void => {
    lines += 1;
    if (line.trim() === '') return;
    const record = parseLedgerLine(line);
    if (record === null) bad.push(lines);
    else {
      apply(campaign, record);
      fresh.push(record);
    }
  };

  const readOn = (fd: number, fresh: LedgerRecord[]): void => {
    const { size } = fstatSync(fd);
    const chunk = Buffer.alloc(Math.min(CHUNK, size - offset));
    while (offset < size) {
      const got = readSync(fd, chunk, 0, chunk.length, offset);
      if (got === 0) break;
      offset += got;
      // Text may hold any letter, but it is ASCII where it is cut: at its line breaks.
      const parts = (rest + chunk.toString('latin1', 0, got)).split('\n');
      if (ahead && parts[0] === '') parts.shift();
      ahead = false;
      rest = parts.pop() ?? '';
      for (const part of parts) take(utf8(part), fresh);
    }
    if (rest !== '' && parseLedgerLine(utf8(rest)) !== null) {
      take(utf8(rest), fresh);
      rest = '';
      ahead = true;
    }
  };

  return {
    read() {
      const fresh: LedgerRecord[] = [];
      const fd = openLedger(path);
      if (fd === null) {
        const begun = file !== null;
        restart(null);
        return { fresh, begun };
      }
      try {
        const { ino, dev, size } = fstatSync(fd);
        const begun = file !== `${dev}:${ino}` || size < offset;
        if (begun) restart(`${dev}:${ino}`);
        if (size > offset) readOn(fd, fresh);
        return { fresh, begun };
      } catch (error) {
        throw errorCode(error) === undefined ? error : storageError(error, path);
      } finally {
        closeSync(fd);
      }
    },
    campaign: () => campaign,
    warnings: () => badLineWords(path, bad, rest.trim() === '' ? undefined : lines + 1),
  };
}

const utf8 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

function openLedger(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw storageError(error, path);
  }
}
