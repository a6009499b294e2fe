import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { describe } from 'vitest';
import { type Json, MAIN, type TestProject } from './project.js';

const CHROMIUM = '/usr/bin/chromium';

/** Like `describe`, where Chromium is installed. It must be in CI; elsewhere its absence is said. */
export function describeInBrowser(name: string, act: () => void): void {
  if (existsSync(CHROMIUM)) {
    describe(name, act);
    return;
  }
  const words = `${CHROMIUM} is not installed: apt-get install chromium`;
  if (process.env.CI === 'true') throw new Error(words);
  describe.skip(`${name} (${words})`, act);
}

export function openBrowser(...more: string[]): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      ...more,
    ],
  });
}

/** A page on which every mistake is remembered: exceptions, refusals of the policy, requests that went elsewhere. */
export async function openPage(
  context: BrowserContext,
  { origin }: Pick<Dashboard, 'origin'>,
): Promise<{ page: Page; mistakes: string[] }> {
  const page = await context.newPage();
  const mistakes: string[] = [];
  page.on('pageerror', (error) => mistakes.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') mistakes.push(message.text());
  });
  page.on('request', (sent) => {
    if (!sent.url().startsWith(`${origin}/`) && !sent.url().startsWith('data:'))
      mistakes.push(`went to ${sent.url()}`);
  });
  return { page, mistakes };
}

export interface Dashboard {
  /** With the token. */
  url: string;
  origin: string;
  port: number;
  token: string;
  /** Standard error so far. */
  said(): string;
  /** One request with exactly these headers. */
  ask(
    path: string,
    options?: { method?: string; headers?: Record<string, string>; body?: string },
  ): Promise<Answer>;
  /** As the page does, by a header. */
  get(path: string): Promise<Json>;
  post(path: string, body: unknown): Promise<Answer>;
  end(): Promise<void>;
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** `auto-experiment dashboard` on these projects, as a person starts it, on a free port. */
export async function startDashboard(
  projects: readonly Pick<TestProject, 'root'>[],
  {
    port: wish,
    program = MAIN,
    env = {},
  }: { port?: number; program?: string; env?: Record<string, string> } = {},
): Promise<Dashboard> {
  const args = projects.flatMap(({ root }) => ['--project', root]);
  if (wish !== undefined) args.push('--port', String(wish));
  const child = spawn(process.execPath, [program, 'dashboard', '--json', '--no-open', ...args], {
    cwd: projects[0]?.root,
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let err = '';
  child.stderr.on('data', (part) => {
    err += part;
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    let out = '';
    child.stdout.on('data', (part) => {
      out += part;
      if (out.includes('\n')) resolve(out);
    });
    child.once('exit', (code) => reject(new Error(`the dashboard ended with ${code}: ${err}`)));
  });
  const { url, port } = JSON.parse(line);
  const token = new URL(url).searchParams.get('token') ?? '';
  const host = `127.0.0.1:${port}`;
  const ask: Dashboard['ask'] = (path, { method = 'GET', headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port, path, method, headers: { host, ...headers } },
        (answer) => {
          let text = '';
          answer.on('data', (part) => {
            text += part;
          });
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  const bearer = { authorization: `Bearer ${token}` };
  return {
    url,
    origin: `http://${host}`,
    port,
    token,
    said: () => err,
    ask,
    async get(path) {
      const { status, text } = await ask(path, { headers: bearer });
      if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
      return JSON.parse(text);
    },
    post: (path, body) =>
      ask(path, {
        method: 'POST',
        headers: { ...bearer, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    async end() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
