import { type FramedShell, framedShell, type Reply } from './framed-shell.js';
import type { Channel, Link } from './link.js';
import { createSlots } from './slots.js';

/** Servers allow ten sessions over one connection (MaxSessions); with those of other programs there is room left. */
const SHELLS = 4;
const CHANNELS = 4;

export interface Shells {
  /**
   * Asks a shell that is free, opening one where none is. Scripts may be asked twice: when a shell that had stood
   * idle turns out to be gone, another one is asked.
   */
  ask(script: string, timeoutMs: number): Promise<Reply>;
  /** A shell of one's own, for a command that takes its time; waits where too many are at work. */
  own(): Promise<{ channel: Channel; release(): void }>;
  close(): void;
}

export function createShells(link: Link): Shells {
  const idle: FramedShell[] = [];
  const all = new Set<FramedShell>();
  const shellSlots = createSlots(SHELLS);
  const channelSlots = createSlots(CHANNELS);

  const take = async (): Promise<{ shell: FramedShell; fresh: boolean }> => {
    for (let shell = idle.pop(); shell !== undefined; shell = idle.pop()) {
      if (shell.alive()) return { shell, fresh: false };
      all.delete(shell);
    }
    const shell = framedShell(await link.open(), link.name);
    all.add(shell);
    return { shell, fresh: true };
  };

  const askOne = async (script: string, timeoutMs: number): Promise<Reply> => {
    const { shell, fresh } = await take();
    const began = performance.now();
    try {
      const reply = await shell.ask(script, timeoutMs);
      idle.push(shell);
      return reply;
    } catch (error) {
      all.delete(shell);
      const late = performance.now() - began >= timeoutMs;
      // A session that was just opened and does not answer either: the connection under it is dead.
      if (fresh && late) await link.reset();
      if (fresh || late) throw error;
      // It was lost while nobody asked; so are the others that stood idle with it.
      for (const other of idle.splice(0)) other.close();
      return askOne(script, timeoutMs);
    }
  };

  return {
    async ask(script, timeoutMs) {
      const release = await shellSlots();
      try {
        return await askOne(script, timeoutMs);
      } finally {
        release();
      }
    },
    async own() {
      const release = await channelSlots();
      try {
        return { channel: await link.open(), release };
      } catch (error) {
        release();
        throw error;
      }
    },
    close() {
      for (const shell of all) shell.close();
      all.clear();
      idle.length = 0;
      link.close();
    },
  };
}
