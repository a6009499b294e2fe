import type { RunDifference, RunPage } from '../src/engine/board/run-page.js';
import { get, trouble } from './ask.js';
import { button, byId, el, fill, word } from './dom.js';
import type { Live } from './live.js';
import type { LogPart, Store } from './state.js';

/** Lines of a log that are kept on the page. */
const MOST_LINES = 2000;

export interface RunView {
  open(run: string): void;
}

export interface RunActs {
  stop(run: string): void;
  toggle(run: string): void;
  has(run: string): boolean;
  /** Runs in the order in which they are listed. */
  order(): string[];
}

/** One run in full, at the side of the page: its log as it grows, how it ended and why, its code, what it ran in. */
export function startRun(store: Store, live: Live, acts: RunActs): RunView {
  const dialog = byId('run', HTMLDialogElement);
  let shown: string | null = null;
  const head = el('div', { class: 'head' });
  const body = el('div', { class: 'body' });
  fill(dialog, head, body);

  const close = (): void => dialog.close();
  dialog.addEventListener('close', () => {
    shown = null;
    live.follow(null, () => undefined);
    if (location.hash !== '') history.replaceState(null, '', location.pathname);
  });
  // A click beside the drawer closes it.
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) close();
  });

  const beside = (step: number): string | undefined => {
    const order = acts.order();
    const at = order.indexOf(shown ?? '');
    return at < 0 ? undefined : order[at + step];
  };

  const drawHead = (): void => {
    const row = store.state.runs.get(shown ?? '');
    if (shown === null) return;
    const run = shown;
    const [before, after] = [beside(-1), beside(1)];
    const step = (to: string | undefined, label: string, mark: string) => {
      const made = button(mark, () => to !== undefined && open(to), '', { 'aria-label': label });
      made.disabled = to === undefined;
      return made;
    };
    const stop = button('Stop', () => acts.stop(run), 'danger');
    stop.hidden = row === undefined || row.state === 'ended';
    const focused = document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent;
    const curves = button(
      'Curves',
      () => {
        acts.toggle(run);
        drawHead();
      },
      '',
      { 'aria-pressed': String(acts.has(run)) },
    );
    fill(
      head,
      el(
        'div',
        { class: 'run-line' },
        el('h2', { class: 'grow', at: { id: 'run-title' } }, run),
        row === undefined ? null : word(row.ending),
        row === undefined ? null : word(row.verdict),
        step(before, 'The run above', '↑'),
        step(after, 'The run below', '↓'),
        curves,
        stop,
        button('Close', close, '', { autofocus: true }),
      ),
      el('div', {}, row?.title ?? ''),
      el(
        'div',
        { class: 'soft small' },
        [
          row?.valueText === '–'
            ? ''
            : `${store.state.board.metric?.name ?? 'value'} ${row?.valueText ?? ''}`,
          row?.meanText ?? '',
          row?.gainText === '–' ? '' : `${row?.gainText ?? ''} to the baseline`,
          row?.durationText ?? '',
          row?.progress ?? '',
        ]
          .filter((part) => part !== '')
          .join(' · '),
      ),
    );
    const again = [...head.querySelectorAll('button')].find(
      (one) => (one.getAttribute('aria-label') ?? one.textContent) === focused,
    );
    again?.focus();
  };

  const open = (run: string): void => {
    shown = run;
    history.replaceState(null, '', `#${run}`);
    fill(body, el('p', { class: 'soft' }, 'Reading …'));
    drawHead();
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    const log = createLog();
    live.follow(run, (part) => log.take(part));
    get<RunPage>('/api/run', { project: store.state.project, run })
      .then((page) => {
        if (shown === run) drawPage(body, page, log.element, { store, open });
      })
      .catch((error: unknown) => {
        if (shown === run)
          fill(body, el('p', { class: 'note bad', at: { role: 'alert' } }, trouble(error)), log.element);
      });
  };

  let state = '';
  store.watch((changed) => {
    if (changed.has('project') && dialog.open) close();
    if (shown === null || !store.fresh.has(shown)) return;
    drawHead();
    const row = store.state.runs.get(shown);
    const now = `${row?.state} ${row?.verdict.text}`;
    // Its end brings what is read once: evidence, verdict, curve.
    if (state !== now && body.childElementCount > 1) refresh(shown);
    state = now;
  });
  const refresh = (run: string): void => {
    get<RunPage>('/api/run', { project: store.state.project, run })
      .then((page) => {
        const log = body.querySelector<HTMLElement>('.log-part');
        if (shown === run && log !== null) drawPage(body, page, log, { store, open });
      })
      .catch(() => undefined);
  };
  return { open };
}

function drawPage(
  body: HTMLElement,
  page: RunPage,
  log: HTMLElement,
  { store, open }: { store: Store; open(run: string): void },
): void {
  const lines = log.querySelector('.log');
  const top = log.isConnected && lines !== null && !isAtEnd(lines) ? lines.scrollTop : null;
  const part = (title: string, ...children: (Node | null)[]) =>
    children.every((child) => child === null) ? [] : [el('h3', {}, title), ...children];
  const text = (value: string | null) => (value === null ? null : el('p', {}, value));
  const list = (lines: readonly string[]) =>
    lines.length === 0 ? null : el('pre', { at: { tabindex: 0 } }, lines.join('\n'));
  const facts = (rows: readonly { name: string; value: string }[]) =>
    rows.length === 0
      ? null
      : el('dl', {}, ...rows.flatMap(({ name, value }) => [el('dt', {}, name), el('dd', {}, value)]));
  const seeds =
    page.seeds.length === 0
      ? null
      : el('p', {}, ...page.seeds.flatMap((run) => [button(run, () => open(run), 'text'), ' ']));
  fill(
    body,
    ...page.flags.map((flag) => el('p', { class: 'note' }, `Check before it is believed: ${flag}`)),
    text(page.note),
    ...part('Verdict', text(page.verdict), text(page.curve)),
    ...part('Evidence of its ending', list(page.evidence)),
    log,
    ...part(
      'What it tries',
      text(page.hypothesis),
      page.prediction === null ? null : el('p', {}, `Predicted: ${page.prediction}`),
      el('pre', { at: { tabindex: 0, 'aria-label': 'Command' } }, page.command),
    ),
    ...part('Code', differences(page, store)),
    ...part('Metrics', metricTable(page)),
    ...part('Other seeds of the same', seeds),
    ...part('Facts', facts(page.facts)),
    ...part('What it ran in', facts(page.environment)),
    ...part('Metrics were also read from', list(page.sources)),
    el('p', { class: 'soft small' }, 'Log: ', el('code', {}, page.log)),
  );
  // Put in anew, it stands at its beginning.
  if (lines !== null) lines.scrollTop = top ?? lines.scrollHeight;
}

function metricTable({ metrics }: RunPage): HTMLElement {
  if (metrics.length === 0) return el('p', { class: 'soft' }, 'No metric was seen.');
  const head = ['metric', 'last', 'best', 'at'].map((name, index) =>
    el('th', { class: index > 0 ? 'num' : '', at: { scope: 'col' } }, name),
  );
  const rows = metrics.map(({ name, last, best, at }) =>
    el('tr', {}, el('td', {}, name), ...[last, best, at].map((value) => el('td', { class: 'num' }, value))),
  );
  return el('table', {}, el('thead', {}, el('tr', {}, ...head)), el('tbody', {}, ...rows));
}

/** The code against the baseline or the best: read when somebody asks for it. */
function differences({ id, against }: RunPage, store: Store): HTMLElement {
  const out = el('div');
  if (against.length === 0) return el('p', { class: 'soft' }, 'There is no other run to compare it with.');
  const buttons = against.map(({ id: other, words }) =>
    button(`Against ${words} (${other})`, () => {
      fill(out, el('p', { class: 'soft' }, 'Comparing …'));
      get<RunDifference>('/api/difference', { project: store.state.project, from: other, to: id })
        .then((difference) => fill(out, ...differenceOf(difference)))
        .catch((error: unknown) => fill(out, el('p', { class: 'note bad' }, trouble(error))));
    }),
  );
  return el('div', {}, el('div', { class: 'row' }, ...buttons), out);
}

function differenceOf({ code, environment, from }: RunDifference): HTMLElement[] {
  const words =
    code === null
      ? 'Unknown: the code of one of them was not kept.'
      : code === ''
        ? `The same code as ${from}.`
        : null;
  const lines = (code ?? '').split('\n').map((line) => {
    const kind =
      /^[+-]{3} /.test(line) || line.startsWith('@@')
        ? 'at'
        : line.startsWith('+')
          ? 'add'
          : line.startsWith('-')
            ? 'del'
            : '';
    return el('div', { class: kind }, line);
  });
  const outside =
    environment === null
      ? 'What one of them ran in was not kept.'
      : environment.length === 0
        ? 'They ran in the same environment.'
        : null;
  return [
    words === null
      ? el(
          'div',
          { class: 'log diff', at: { tabindex: 0, role: 'region', 'aria-label': `Code against ${from}` } },
          ...lines,
        )
      : el('p', {}, words),
    outside === null
      ? el('pre', { at: { tabindex: 0 } }, (environment ?? []).join('\n'))
      : el('p', { class: 'soft' }, outside),
  ];
}

/** The end of a log as it grows. It stays at the end while the reader is there. */
function createLog(): { element: HTMLElement; take(part: LogPart): void } {
  const lines = el('div', {
    class: 'log',
    at: { tabindex: 0, role: 'log', 'aria-label': 'Log', 'aria-live': 'off' },
  });
  const note = el('p', { class: 'soft small' }, 'The log is empty.');
  const last = el('div');
  const element = el('div', { class: 'log-part' }, el('h3', {}, 'Log'), lines, note);
  lines.hidden = true;
  return {
    element,
    take({ lines: more, open, fresh }) {
      const atEnd = fresh || isAtEnd(lines);
      last.remove();
      if (fresh) fill(lines);
      lines.append(...more.map((text) => el('div', {}, text)));
      while (lines.childElementCount > MOST_LINES) lines.firstElementChild?.remove();
      last.textContent = open;
      if (open !== '') lines.append(last);
      lines.hidden = lines.childElementCount === 0;
      note.hidden = !lines.hidden;
      if (atEnd) lines.scrollTop = lines.scrollHeight;
    },
  };
}

const isAtEnd = (lines: Element): boolean => lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40;
