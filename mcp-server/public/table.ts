import { button, el, fill, say, section, word } from './dom.js';
import type { RunRow, Store } from './state.js';

const PAGE = 25;

interface Column {
  key: string;
  head: string;
  /** What rows are sorted by; null goes last either way. */
  by(row: RunRow): number | string | null;
  right?: boolean;
}

const COLUMNS: readonly Column[] = [
  { key: 'run', head: 'run', by: (row) => row.number },
  { key: 'what', head: 'what it tried', by: (row) => row.title },
  { key: 'ending', head: 'ending', by: (row) => row.ending.text },
  { key: 'value', head: 'value', by: (row) => row.value, right: true },
  { key: 'gain', head: 'vs baseline', by: (row) => row.gain, right: true },
  { key: 'verdict', head: 'verdict', by: (row) => row.verdict.text },
  { key: 'seeds', head: 'seeds', by: (row) => row.seeds, right: true },
  { key: 'time', head: 'time', by: (row) => row.duration, right: true },
  { key: 'gpu', head: 'GPU', by: (row) => row.gpuText },
  { key: 'cost', head: 'GPU-hours', by: (row) => row.cost, right: true },
];

/** On a phone there are no heads to sort by. */
const ORDERS: readonly { key: string; down: boolean; words: string }[] = [
  { key: 'run', down: true, words: 'newest first' },
  { key: 'run', down: false, words: 'oldest first' },
  { key: 'gain', down: true, words: 'best gain first' },
  { key: 'value', down: true, words: 'highest value first' },
  { key: 'value', down: false, words: 'lowest value first' },
  { key: 'time', down: true, words: 'longest first' },
  { key: 'cost', down: true, words: 'most GPU-hours first' },
];

export interface TableActs {
  open(run: string): void;
  toggle(run: string): void;
  has(run: string): boolean;
}

/** All runs, a page of them at a time: sorted and filtered here, so that thousands stay smooth. */
export function startTable(store: Store, acts: TableActs): { redraw(): void; order(): string[] } {
  let sort: { key: string; down: boolean } = { key: 'run', down: true };
  let page = 0;
  let listed: RunRow[] = [];

  const redrawFirst = (): void => {
    page = 0;
    redraw();
  };
  const search = el('input', {
    at: { type: 'search', id: 'filter', placeholder: 'id, title, ending …' },
    on: { input: redrawFirst },
  });
  const ending = el('select', { at: { id: 'filter-ending' }, on: { change: redrawFirst } });
  const verdict = el('select', { at: { id: 'filter-verdict' }, on: { change: redrawFirst } });
  const order = el('select', {
    at: { id: 'order-by' },
    on: {
      change: () => {
        sort = ORDERS[Number(order.value)] ?? sort;
        redrawFirst();
      },
    },
  });
  fill(order, ...ORDERS.map(({ words }, index) => el('option', { at: { value: index } }, words)));
  const seeds = el('input', { at: { type: 'checkbox' }, on: { change: redrawFirst } });
  const counts = el('p', { class: 'soft small' });
  const heads = COLUMNS.map((column) =>
    el(
      'th',
      { class: column.right ? 'num' : '', at: { scope: 'col', 'data-key': column.key } },
      button(column.head, () => {
        const first = column.right === true;
        sort = { key: column.key, down: sort.key === column.key ? !sort.down : first };
        redrawFirst();
      }),
    ),
  );
  const body = el('tbody');
  const empty = el('p', { class: 'empty' });
  const where = el('span', { at: { 'aria-live': 'polite' } });
  const turn = (to: number) => () => {
    page = Math.max(0, Math.min(to < 0 ? page - 1 : to === 1 ? page + 1 : page, lastPage()));
    redraw();
  };
  const lastPage = (): number => Math.max(0, Math.ceil(listed.length / PAGE) - 1);
  const before = button('Back', turn(-1));
  const after = button('Next', turn(1));
  const pager = el('div', { class: 'pager' }, where, before, after);
  const controls = el(
    'div',
    { class: 'controls' },
    el('label', { at: { for: 'filter' } }, 'Find ', search),
    el('label', { at: { for: 'filter-ending' } }, 'Ending ', ending),
    el('label', { at: { for: 'filter-verdict' } }, 'Verdict ', verdict),
    el('label', { class: 'narrow', at: { for: 'order-by' } }, 'Order ', order),
    el('label', {}, seeds, 'Also runs that repeat others on other seeds'),
  );
  const pick = el('th', { at: { scope: 'col' } }, el('span', { class: 'hidden' }, 'curves'));
  const wide = el(
    'div',
    { class: 'wide' },
    el('table', { class: 'runs' }, el('thead', {}, el('tr', {}, pick, ...heads)), body),
  );
  fill(section('run-table'), controls, counts, wide, empty, pager);
  counts.style.margin = '0 10px 6px';

  const matches = (row: RunRow): boolean => {
    if (!row.own && !seeds.checked) return false;
    if (ending.value !== '' && row.ending.text !== ending.value) return false;
    if (verdict.value !== '' && row.verdict.text !== verdict.value) return false;
    const words = search.value.trim().toLowerCase();
    if (words === '') return true;
    const text = `${row.id} ${row.title} ${row.ending.text} ${row.verdict.text}`.toLowerCase();
    return words.split(/\s+/).every((part) => text.includes(part));
  };

  const redraw = (): void => {
    const all = [...store.state.runs.values()];
    offer(
      ending,
      'all',
      all.map((row) => row.ending.text),
    );
    offer(
      verdict,
      'all',
      all.filter((row) => row.own || seeds.checked).map((row) => row.verdict.text),
    );
    listed = sorted(all.filter(matches), sort);
    page = Math.min(page, lastPage());
    const shown = listed.slice(page * PAGE, (page + 1) * PAGE);
    const metric = store.state.board.metric?.name ?? 'value';
    for (const head of heads) {
      const mine = head.dataset.key === sort.key;
      if (mine) head.setAttribute('aria-sort', sort.down ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
      const label =
        head.dataset.key === 'value'
          ? clipped(metric)
          : (COLUMNS.find(({ key }) => key === head.dataset.key)?.head ?? '');
      say(head.firstElementChild ?? head, mine ? `${label} ${sort.down ? '↓' : '↑'}` : label);
    }
    patch(body, shown, (row) => lineOf(row, store, acts, metric));
    say(counts, store.state.board.counts ?? '');
    empty.hidden = shown.length > 0;
    // Of nothing there is nothing to find.
    for (const part of [controls, counts, wide]) part.hidden = all.length === 0;
    say(
      empty,
      all.length === 0
        ? 'Nothing has run yet. Start with: auto-experiment run, or auto-experiment launch -- python3 train.py'
        : 'No run is like that.',
    );
    const from = page * PAGE;
    say(where, `${listed.length === 0 ? 0 : from + 1}–${from + shown.length} of ${listed.length}`);
    before.disabled = page === 0;
    after.disabled = page >= lastPage();
    pager.hidden = listed.length <= PAGE;
  };
  body.addEventListener('keydown', (event) => walk(body, event));
  store.watch((changed) => {
    if (['runs', 'counts', 'metric', 'leaders', 'project'].some((name) => changed.has(name))) redraw();
  });
  return { redraw, order: () => listed.map(({ id }) => id) };
}

function lineOf(row: RunRow, store: Store, acts: TableActs, metric: string): HTMLTableRowElement {
  const pick = el('input', {
    at: { type: 'checkbox', 'aria-label': `Curves of ${row.id}`, checked: acts.has(row.id) },
    on: { change: () => acts.toggle(row.id) },
  });
  const cell = (kind: string, name: string | null, text: string) =>
    el('td', { class: text === '–' ? `${kind} none` : kind, at: { 'data-name': name } }, text);
  const progress = row.progress === null ? null : el('span', { class: 'soft small' }, ` ${row.progress}`);
  return el(
    'tr',
    { class: row.id === store.state.board.leaders?.best ? 'best' : '' },
    el('td', { class: 'pick' }, pick),
    el(
      'td',
      { class: 'id' },
      button(row.id, () => acts.open(row.id), 'text'),
    ),
    el('td', { class: 'what', at: { title: row.title } }, row.title, progress),
    el('td', {}, word(row.ending)),
    cell('num', clipped(metric), row.valueText),
    cell('num', 'vs baseline', row.gainText),
    el('td', { class: row.verdict.text === '–' ? 'none' : '' }, word(row.verdict)),
    cell(row.seeds === 1 && row.own ? 'num none' : 'num', 'seeds', row.seedText),
    cell('num', 'time', row.durationText),
    cell('', 'GPU', row.gpuText),
    cell('num', 'GPU-hours', row.costText),
  );
}

/** Puts rows in; those that look as before stay the elements they are, so that the focus and a selection stay too. */
function patch(body: HTMLElement, rows: readonly RunRow[], make: (row: RunRow) => HTMLTableRowElement): void {
  const old = new Map(
    [...body.children].map((child) => [child instanceof HTMLElement ? child.dataset.run : '', child]),
  );
  const focused = document.activeElement?.closest('tr');
  const focusedRun = body.contains(focused ?? null) ? focused?.dataset.run : undefined;
  const focusedKind = document.activeElement instanceof HTMLInputElement ? 'input' : 'button';
  const next = rows.map((row) => {
    const line = make(row);
    const look = line.textContent + line.className + String(line.querySelector('input')?.checked);
    line.dataset.run = row.id;
    line.dataset.look = look;
    const before = old.get(row.id);
    return before instanceof HTMLTableRowElement && before.dataset.look === look ? before : line;
  });
  body.replaceChildren(...next);
  if (focusedRun === undefined) return;
  const again = next.find((line) => line.dataset.run === focusedRun);
  again?.querySelector<HTMLElement>(focusedKind)?.focus();
}

function sorted(rows: RunRow[], { key, down }: { key: string; down: boolean }): RunRow[] {
  const by = COLUMNS.find((column) => column.key === key)?.by ?? ((row: RunRow) => row.number);
  const sign = down ? -1 : 1;
  return rows.sort((a, b) => {
    const [x, y] = [by(a), by(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null) || b.number - a.number;
    const order = typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y));
    return sign * order || b.number - a.number;
  });
}

function offer(select: HTMLSelectElement, all: string, words: readonly string[]): void {
  const list = ['', ...[...new Set(words)].filter((one) => one !== '–').sort()];
  if (select.value !== '' && !list.includes(select.value)) list.push(select.value);
  if (list.join('\n') === [...select.options].map(({ value }) => value).join('\n')) return;
  const { value } = select;
  fill(select, ...list.map((one) => el('option', { at: { value: one } }, one === '' ? all : one)));
  select.value = list.includes(value) ? value : '';
}

/** Up and down go to the same place of the row above or below. */
function walk(body: HTMLElement, event: KeyboardEvent): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  const { activeElement: at } = document;
  const line = at?.closest('tr');
  if (step === 0 || line === null || line === undefined || at === null) return;
  const lines = [...body.children];
  const next = lines[lines.indexOf(line) + step];
  next?.querySelector<HTMLElement>(at.tagName)?.focus();
  event.preventDefault();
}

const clipped = (name: string): string => (name.length > 16 ? `${name.slice(0, 15)}…` : name);
