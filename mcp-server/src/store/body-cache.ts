import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode } from '../core/errors.js';
import type { BodyCache, CachedBody } from '../core/paper/manners.js';
import { readBytesIfThere, removeStaleTemps, writeAtomic } from './files.js';

const Head = z.object({
  url: z.string(),
  at: z.number(),
  freshUntil: z.number(),
  contentType: z.string(),
  bytes: z.number(),
});

/** Bytes that the cache may take; the oldest go first. A venue list has up to 40 MB. */
const MOST_BYTES = 512 * 1024 * 1024;
const NAME = /^[0-9a-f]{40}\.body$/;

/** A file per answer below `folder`: a line of JSON about it, then its bytes. */
export function openBodyCache(folder: string, mostBytes = MOST_BYTES): BodyCache {
  const fileOf = (key: string): string =>
    join(folder, `${createHash('sha256').update(key).digest('hex').slice(0, 40)}.body`);
  return {
    read(key) {
      const data = readBytesIfThere(fileOf(key));
      return data === null ? null : parse(data);
    },
    write(key, entry) {
      const { body, ...rest } = entry;
      const head = `${JSON.stringify({ ...rest, bytes: body.length })}\n`;
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      removeStaleTemps(folder);
      try {
        writeAtomic(fileOf(key), Buffer.concat([Buffer.from(head), body]), { mayLose: 'all', mode: 0o600 });
      } catch (error) {
        // A full disk costs the next call a request, nothing else.
        if (errorCode(error) !== 'ENOSPC' && errorCode(error) !== 'EDQUOT') throw error;
      }
      prune(folder, mostBytes);
    },
  };
}

/** Null for a file that a power cut left in pieces. */
function parse(data: Buffer): CachedBody | null {
  const end = data.indexOf(0x0a);
  if (end < 0) return null;
  try {
    const head = Head.safeParse(JSON.parse(data.toString('utf8', 0, end)));
    const body = data.subarray(end + 1);
    if (!head.success || head.data.bytes !== body.length) return null;
    const { bytes: _, ...rest } = head.data;
    return { ...rest, body };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function prune(folder: string, mostBytes: number): void {
  const files = readdirSync(folder)
    .filter((name) => NAME.test(name))
    .flatMap((name) => {
      const stat = statSync(join(folder, name), { throwIfNoEntry: false });
      return stat === undefined ? [] : [{ name, size: stat.size, at: stat.mtimeMs }];
    })
    .sort((a, b) => b.at - a.at);
  let sum = 0;
  for (const { name, size } of files) {
    sum += size;
    if (sum > mostBytes) rmSync(join(folder, name), { force: true });
  }
}
