import { connect, createServer, type Socket } from 'node:net';

/** A network of the test's own between two ports of loopback, which can be cut as a real one is: nothing comes through, and nobody is told. */
export interface Network {
  port: number;
  /** From now on not a byte passes, neither of old connections nor of new ones; none of them is closed. */
  cut(): void;
  /** What was on its way arrives. */
  mend(): void;
  /** Connections so far. */
  connections(): number;
  end(): Promise<void>;
}

export function startNetwork(to: () => number): Promise<Network> {
  const sockets = new Set<Socket>();
  let isCut = false;
  let count = 0;
  const hold = (socket: Socket): void => {
    sockets.add(socket);
    if (isCut) socket.pause();
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  const server = createServer((near) => {
    count += 1;
    hold(near);
    const far = connect(to(), '127.0.0.1');
    hold(far);
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (chunk) => into.write(chunk));
      from.on('end', () => into.end());
      from.on('close', () => into.destroy());
      if (isCut) from.pause();
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address !== 'object' || address === null) return reject(new Error('no port'));
      resolve({
        port: address.port,
        connections: () => count,
        cut() {
          isCut = true;
          for (const socket of sockets) socket.pause();
        },
        mend() {
          isCut = false;
          for (const socket of sockets) socket.resume();
        },
        end: () =>
          new Promise((done) => {
            for (const socket of sockets) socket.destroy();
            server.close(() => done());
          }),
      });
    });
  });
}
