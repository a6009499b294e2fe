/** Wakes those who wait for something new. */
export interface Waker {
  wake(): void;
  /** Resolves when woken, after `ms`, or on abort; at once when it was woken since the last wait. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export function createWaker(): Waker {
  let woken = false;
  let resolve: (() => void) | null = null;
  return {
    wake() {
      woken = true;
      resolve?.();
    },
    async wait(ms, signal) {
      if (!woken && !signal.aborted)
        await new Promise<void>((done) => {
          const timer = setTimeout(finish, ms);
          function finish(): void {
            clearTimeout(timer);
            signal.removeEventListener('abort', finish);
            done();
          }
          resolve = finish;
          signal.addEventListener('abort', finish, { once: true });
        });
      resolve = null;
      woken = false;
    },
  };
}
