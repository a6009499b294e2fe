import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json } from './project.js';

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: Json;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** A web service on loopback that takes JSON: what it got, and what it answers. `null` = it never answers. */
export interface HttpStandIn {
  url: string;
  host: string;
  received: Received[];
  answer: Answer | null | ((request: Received) => Answer);
  close(): Promise<void>;
}

export async function startHttp(): Promise<HttpStandIn> {
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      const got = {
        path: request.url ?? '',
        headers: request.headers,
        body: text === '' ? null : JSON.parse(text),
      };
      stand.received.push(got);
      const answer = typeof stand.answer === 'function' ? stand.answer(got) : stand.answer;
      if (answer === null) return;
      response.writeHead(answer.status, answer.headers).end(answer.body ?? '');
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const stand: HttpStandIn = {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    received: [],
    answer: { status: 200, body: 'ok' },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  return stand;
}
