import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { errorCode, errorText, LabError } from '../../core/errors.js';

/** Only this computer can reach it: other machines come through `ssh -L`. */
const ADDRESS = '127.0.0.1';
const USUAL_PORT = 4747;

/**
 * Serves until `signal` is aborted. Without a wish for a port it is the usual one, or any that is free. Throws LabError for a
 * port that somebody has or that one may not take.
 */
export async function serve(
  app: Pick<Hono, 'fetch'>,
  port: number | undefined,
  signal: AbortSignal,
): Promise<{ port: number; closed: Promise<void> }> {
  const server = createAdaptorServer({ fetch: app.fetch });
  const listen = (at: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(at, ADDRESS, () => {
        server.off('error', reject);
        resolve();
      });
    });
  try {
    await listen(port ?? USUAL_PORT);
  } catch (error) {
    if (errorCode(error) === 'EADDRINUSE' && port === undefined) await listen(0);
    else throw portError(error, port ?? USUAL_PORT);
  }
  const closed = new Promise<void>((resolve) => {
    const end = (): void => {
      server.close(() => resolve());
      // Streams of pages that are open would keep it for ever.
      if ('closeAllConnections' in server) server.closeAllConnections();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
  return { port: portOf(server.address()), closed };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

function portError(error: unknown, port: number): unknown {
  const code = errorCode(error);
  if (code === 'EADDRINUSE')
    return new LabError(`port ${port} is taken`, 'give another one with --port, or leave it out', {
      cause: error,
    });
  if (code === 'EACCES')
    return new LabError(`port ${port} may not be taken by you`, 'give one from 1024 with --port', {
      cause: error,
    });
  return code === undefined
    ? error
    : new LabError(`the page cannot be served: ${errorText(error)}`, 'try another --port', { cause: error });
}
