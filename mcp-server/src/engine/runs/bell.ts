import { type FSWatcher, watch } from 'node:fs';

/** Wakes a waiting loop early when something changes in one of its folders. */
export interface Bell {
  /** Resolves after `ms` milliseconds, or as soon as something changed since the last wait, or on abort. */
  wait(ms: number): Promise<void>;
  /** Whether something changed since the last wait. File events are seen only when the event loop turns. */
  rung(): boolean;
  /** `concerns` says which names matter; an event without a name always does. */
  add(folder: string, concerns?: (name: string) => boolean): void;
  remove(folder: string): void;
  /** Those that are watched now. */
  folders(): string[];
  /** As if something had changed. */
  ring(): void;
  close(): void;
}

/**
 * Watches folders by file events. Where the system has none to give (its limit is reached, a network file system), the
 * caller's own looking from time to time must do: a missing watch is a delay, never an error.
 */
export function createBell(folders: readonly string[], signal: AbortSignal): Bell {
  const watchers = new Map<string, FSWatcher>();
  let rung = false;
  let wake: (() => void) | null = null;
  const ring = (): void => {
    rung = true;
    wake?.();
  };
  const bell: Bell = {
    async wait(ms) {
      if (!rung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = null;
      }
      rung = false;
    },
    rung: () => rung,
    ring,
    add(folder, concerns) {
      if (watchers.has(folder)) return;
      try {
        watchers.set(
          folder,
          watch(folder, { persistent: false }, (_, name) => {
            if (name === null || concerns === undefined || concerns(name)) ring();
          }).on('error', () => bell.remove(folder)),
        );
      } catch {
        // See above: no events here.
      }
    },
    remove(folder) {
      watchers.get(folder)?.close();
      watchers.delete(folder);
    },
    folders: () => [...watchers.keys()],
    close() {
      signal.removeEventListener('abort', ring);
      for (const folder of [...watchers.keys()]) bell.remove(folder);
    },
  };
  signal.addEventListener('abort', ring);
  for (const folder of folders) bell.add(folder);
  return bell;
}
