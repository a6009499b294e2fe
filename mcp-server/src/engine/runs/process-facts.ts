import type { ExecOptions, Machine } from '../../core/ports.js';
import { clip, oneLine } from '../../core/text.js';

/** What a process does, and since when. */
export interface ProcessFacts {
  /** Seconds since it was started. */
  seconds: number;
  command: string;
}

const MAX_PIDS = 256;
const TIMEOUT_MS = 5000;

/**
 * Age and command line of these processes, by one command on this machine or another. Those that are gone, those of other
 * containers, and all where `ps` cannot tell, are left out.
 */
export async function processFacts(
  machine: Pick<Machine, 'exec'>,
  pids: readonly number[],
  signal?: AbortSignal,
): Promise<Map<number, ProcessFacts>> {
  const facts = new Map<number, ProcessFacts>();
  if (pids.length === 0) return facts;
  const options: ExecOptions = { timeoutMs: TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
  const list = [...new Set(pids)].slice(0, MAX_PIDS).join(',');
  const { stdout } = await machine.exec(['ps', '-ww', '-o', 'pid=,etimes=,args=', '-p', list], options);
  for (const line of stdout.split('\n')) {
    const [, pid, seconds, command] = /^\s*(\d+)\s+(\d+)\s+(.+)$/.exec(line) ?? [];
    if (command !== undefined)
      facts.set(Number(pid), { seconds: Number(seconds), command: clip(oneLine(command), 500) });
  }
  return facts;
}
