import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { createCurveShelf } from '../../engine/board/curves.js';
import { type Command, UsageError } from '../command.js';
import { createApp, type Page } from '../dashboard/app.js';
import { createHub } from '../dashboard/hub.js';
import { openBrowser } from '../dashboard/open-browser.js';
import { serve } from '../dashboard/serve.js';
import { createWaker } from '../dashboard/waker.js';
import { wholeNumber } from '../flags.js';

/** Put in its place by scripts/bundle.mjs: the page of mcp-server/public. */
declare const DASHBOARD_PAGE: string;

const MOST_PROJECTS = 32;

export const command: Command = {
  name: 'dashboard',
  summary:
    'A live page in the browser, on this computer only: runs, curves, budgets, directives. Ctrl-C ends it.',
  usage: 'dashboard [--port N] [--project DIR …] [--no-open]',
  flags: {
    port: { kind: 'value', value: 'N', help: 'Port on 127.0.0.1; default 4747, or any free one.' },
    project: {
      kind: 'each',
      value: 'DIR',
      help: 'A project folder; may be given again and again. The current one when absent.',
    },
    'no-open': { kind: 'switch', help: 'Only print the address; open no browser.' },
  },
  json: true,
  project: false,
  words: 0,
  async run(console, args) {
    const port = wholeNumber(args, 'port', 1);
    if (port !== undefined && port > 65_535)
      throw new UsageError(`--port takes a number up to 65535, not "${port}"`);
    const given = args.lists.project ?? [];
    const folders = [
      ...new Set((given.length === 0 ? ['.'] : given).map((dir) => resolve(console.cwd, dir))),
    ];
    if (folders.length > MOST_PROJECTS)
      throw new UsageError(`one dashboard shows up to ${MOST_PROJECTS} projects`);
    const labs = folders.map((folder) => ({ folder, lab: console.lab(folder) }));
    // One project that cannot be opened is a mistake; of several, the others are shown.
    if (labs.length === 1) labs[0]?.lab.open();
    const token = randomBytes(24).toString('base64url');
    const hub = createHub(labs, console.signal);
    const page: Page = JSON.parse(DASHBOARD_PAGE);
    const app = createApp({ page, token, hub, shelf: createCurveShelf(), say: console.err });
    const server = await serve(app, port, console.signal);
    // What the page will show first is read while somebody opens it.
    hub.join(createWaker()).leave();
    const url = `http://127.0.0.1:${server.port}/?token=${token}`;
    if (args.switches.json === true)
      console.out(`${JSON.stringify({ url, port: server.port, projects: folders })}\n`);
    else {
      console.out(`${url}\n`);
      console.err(
        'The address holds the key to the page: whoever has it may stop runs. Ctrl-C ends the page; training goes on.\n' +
          `From another machine: ssh -L ${server.port}:127.0.0.1:${server.port} HOST, then open the same address there.\n`,
      );
    }
    const shut = args.switches['no-open'] === true || !console.terminal ? null : openBrowser(console, url);
    await server.closed;
    shut?.();
    return 0;
  },
};
