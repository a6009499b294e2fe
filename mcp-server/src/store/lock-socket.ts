import { createHash } from 'node:crypto';
import { createConnection, createServer, type Socket } from 'node:net';
import { errorCode } from '../core/errors.js';
import { type Grip, type LockHolder, parseHolder } from './lock-holder.js';

const MAX_ANSWER = 4096;

/** A holder that is suspended accepts (the kernel does) but does not answer. */
const ANSWER_MS = 300;

/** The address in Linux's abstract namespace (unix(7)): no file, gone with its process. */
export function socketAddress(name: string): string {
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 24);
  return `\0auto-experiment:${process.getuid?.() ?? 0}:${digest}`;
}

/** Takes the address; null when somebody holds it. Whoever connects is told who holds it. */
export async function bindSocket(address: string, me: LockHolder): Promise<Grip | null> {
  const visitors = new Set<Socket>();
  const server = createServer((visitor) => {
    visitors.add(visitor);
    visitor.unref();
    visitor.on('close', () => visitors.delete(visitor));
    // A visitor that leaves early is its own business; the lock stays held.
    visitor.on('error', () => visitor.destroy());
    visitor.end(JSON.stringify(me));
  });
  const bound = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error) => (errorCode(error) === 'EADDRINUSE' ? resolve(false) : reject(error)));
    server.listen(address, () => resolve(true));
  });
  if (!bound) return null;
  // An error of a later connection (no file descriptor left, say) says nothing about the lock.
  server.on('error', () => undefined);
  server.unref();
  return {
    release: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const visitor of visitors) visitor.destroy();
      }),
  };
}

/** Who holds it; `free` when it was let go meanwhile; null when the holder does not answer. */
export async function askSocket(address: string): Promise<LockHolder | 'free' | null> {
  return new Promise((resolve) => {
    const socket = createConnection(address);
    let answer = '';
    const done = (holder: LockHolder | 'free' | null) => {
      socket.destroy();
      resolve(holder);
    };
    socket.setEncoding('utf8');
    socket.setTimeout(ANSWER_MS, () => done(null));
    socket.on('data', (text) => {
      answer += String(text);
      if (answer.length > MAX_ANSWER) done(null);
    });
    socket.on('end', () => done(parseHolder(answer)));
    socket.on('error', (error) => done(errorCode(error) === 'ECONNREFUSED' ? 'free' : null));
  });
}
