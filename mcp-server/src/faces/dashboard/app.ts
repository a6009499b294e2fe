import { randomBytes } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { errorText, LabError } from '../../core/errors.js';
import { RUN_ID } from '../../core/run.js';
import { CurveRequest, type CurveShelf } from '../../engine/board/curves.js';
import { runDifference, runPage } from '../../engine/board/run-page.js';
import { leaveDirective } from '../../engine/loop/leave-directive.js';
import { requestStop } from '../../engine/runs/stop.js';
import type { Project } from '../../store/project.js';
import { guard } from './guard.js';
import type { Hub, Seat } from './hub.js';
import { openStream } from './stream.js';

/** The page as it is built into the program. */
export interface Page {
  html: string;
  script: string;
  style: string;
  icon: string;
}

export interface AppOptions {
  page: Page;
  token: string;
  hub: Hub;
  shelf: CurveShelf;
  /** Words of what should not happen, for the terminal. */
  say(text: string): void;
}

/** Pages that are open at once. */
const MOST_READERS = 64;
const MOST_BODY = 64 * 1024;

const Run = z.string().regex(RUN_ID);
const Number_ = z.coerce.number().int().min(0).default(0);
const OfRun = z.strictObject({ project: Number_, run: Run });
const Compare = z.strictObject({ project: Number_, from: Run, to: Run });
const Events = z.strictObject({ project: Number_, log: Run.optional(), last: z.string().max(80).optional() });
const Curves = z.strictObject({ project: Number_, of: z.string().max(20_000) });
const Stop = z.strictObject({ project: z.number().int().min(0), run: Run });
const Directive = z.strictObject({ project: z.number().int().min(0), text: z.string().max(40_000) });
const Loop = z.strictObject({ project: z.number().int().min(0), order: z.enum(['pause', 'resume']) });

/** The routes of the page: what is read has no effect, what has one is a POST. */
export function createApp({ page, token, hub, shelf, say }: AppOptions): Hono {
  const app = new Hono();
  const boot = randomBytes(6).toString('hex');
  const seatOf = (index: number): Seat => {
    const seat = hub.seats[index];
    if (seat === undefined) throw new LabError(`there is no project ${index}`, 'load the page anew');
    return seat;
  };
  const projectOf = (seat: Seat): Project => seat.watch.project() ?? seat.lab.open();
  const file = (type: string, text: string) => (c: Context) => c.body(text, 200, { 'Content-Type': type });

  app.use(guard(token));
  app.use(
    '/api/*',
    bodyLimit({
      maxSize: MOST_BODY,
      onError: (c) => c.json({ message: 'that is too long', hint: 'say it shorter' }, 413),
    }),
  );
  app.get('/', file('text/html; charset=utf-8', page.html));
  app.get('/app.js', file('text/javascript; charset=utf-8', page.script));
  app.get('/app.css', file('text/css; charset=utf-8', page.style));
  app.get('/icon.svg', file('image/svg+xml', page.icon));

  app.get('/api/events', (c) => {
    const asked = Events.parse(c.req.query());
    if (hub.readers() >= MOST_READERS)
      return c.json({ message: `${MOST_READERS} pages are open already`, hint: 'close some of them' }, 503);
    return openStream(c, hub, seatOf(asked.project), { boot, log: asked.log ?? null });
  });
  app.get('/api/run', (c) => {
    const { project, run } = OfRun.parse(c.req.query());
    const seat = seatOf(project);
    return c.json(runPage(seat.lab, projectOf(seat), run));
  });
  app.get('/api/difference', async (c) => {
    const { project, from, to } = Compare.parse(c.req.query());
    const seat = seatOf(project);
    return c.json(await runDifference(seat.lab, projectOf(seat), from, to));
  });
  app.get('/api/curves', async (c) => {
    const { project, of } = Curves.parse(c.req.query());
    const request = CurveRequest.parse(JSON.parse(of));
    return c.json(await shelf.draw(projectOf(seatOf(project)), request));
  });
  app.post('/api/stop', async (c) => {
    const { project, run } = Stop.parse(await c.req.json());
    const { lab } = seatOf(project);
    return c.json({ asked: await requestStop(lab, lab.open(), run, 'dashboard') });
  });
  app.post('/api/directive', async (c) => {
    const { project, text } = Directive.parse(await c.req.json());
    leaveDirective(seatOf(project).lab.open(), text);
    return c.json({ written: true });
  });
  app.post('/api/loop', async (c) => {
    const { project, order } = Loop.parse(await c.req.json());
    leaveDirective(seatOf(project).lab.open(), order);
    return c.json({ written: true });
  });

  app.notFound((c) => c.json({ message: 'there is no such page', hint: 'open /' }, 404));
  app.onError((error, c) => {
    if (error instanceof LabError) return c.json({ message: error.message, hint: error.hint }, 400);
    if (error instanceof z.ZodError || error instanceof SyntaxError)
      return c.json(
        { message: 'the request is not in the form that it must have', hint: errorText(error).slice(0, 300) },
        400,
      );
    say(`${errorText(error)}\n`);
    return c.json(
      { message: 'this is a defect of auto-experiment', hint: 'the terminal of the dashboard says more' },
      500,
    );
  });
  return app;
}
