import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  host: string;
  path: string;
  query: URLSearchParams;
  body: string;
  headers: IncomingMessage['headers'];
  /** Milliseconds since 1970. */
  at: number;
}

export interface Said {
  status?: number;
  body: string | Uint8Array;
  type?: string;
  headers?: Record<string, string>;
}

/** A server on loopback that stands for all paper sources: requests come as `/<host>/<path>`. */
export async function replayServer(answer: (asked: Asked) => Said | 'break'): Promise<{
  base: string;
  asked: Asked[];
  close(): Promise<void>;
}> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const at = Date.now();
    const url = new URL(request.url ?? '/', 'http://replay');
    const [, host = '', ...path] = url.pathname.split('/');
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      const one = {
        host,
        path: `/${path.join('/')}`,
        query: url.searchParams,
        body,
        headers: request.headers,
        at,
      };
      asked.push(one);
      const said = answer(one);
      if (said === 'break') return void response.destroy();
      response.writeHead(said.status ?? 200, { 'content-type': said.type ?? 'text/plain', ...said.headers });
      response.end(said.body);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    base: `http://127.0.0.1:${port}`,
    asked,
    close: () => new Promise((done) => server.close(() => done())),
  };
}

export interface Item {
  id: string;
  title: string;
  author?: string;
  kind?: string;
  categories?: string[];
  abstract?: string;
}

/** A feed of announcements as arXiv serves it. */
export function feed(day: string, items: readonly Item[]): Said {
  const entries = items.map(
    ({
      id,
      title,
      author = 'Ada One, Bo Two',
      kind = 'new',
      categories = ['cs.LG'],
      abstract = `About ${title}.`,
    }) =>
      `<entry><id>oai:arXiv.org:${id}</id><title>${title}</title><published>${day}T00:00:00-05:00</published>` +
      `<summary>arXiv:${id} Announce Type: ${kind}\nAbstract: ${abstract}</summary>` +
      `${categories.map((one) => `<category term="${one}"/>`).join('')}<arxiv:announce_type>${kind}</arxiv:announce_type>` +
      `<dc:creator>${author}</dc:creator></entry>`,
  );
  return {
    body: `<?xml version='1.0' encoding='UTF-8'?><feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns="http://www.w3.org/2005/Atom"><title>updates</title><updated>${day}T05:00:00+00:00</updated>${entries.join('')}</feed>`,
    type: 'application/xml',
  };
}

/** A page of arXiv's search API. */
export function atom(items: readonly Item[], total = items.length): Said {
  const entries = items.map(
    ({ id, title, author = 'Ada One', categories = ['cs.LG'], abstract = `About ${title}.` }) =>
      `<entry><id>http://arxiv.org/abs/${id}</id><title>${title}</title><published>2026-11-01T10:00:00Z</published><summary>${abstract}</summary>` +
      `${categories.map((one) => `<category term="${one}"/>`).join('')}<arxiv:primary_category term="${categories[0]}"/><author><name>${author}</name></author></entry>`,
  );
  return {
    body: `<?xml version='1.0' encoding='UTF-8'?><feed xmlns:opensearch="o" xmlns:arxiv="a" xmlns="http://www.w3.org/2005/Atom"><opensearch:totalResults>${total}</opensearch:totalResults><opensearch:startIndex>0</opensearch:startIndex>${entries.join('')}</feed>`,
    type: 'application/xml',
  };
}
