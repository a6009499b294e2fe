import type { CurveRequest, DrawnCurves } from '../src/engine/board/curves.js';
import { get, trouble } from './ask.js';
import { createCurvePlot, type Look, type Range } from './curve-plot.js';
import { announce, button, el, fill, say, section } from './dom.js';
import type { Store } from './state.js';
import { colours } from './theme.js';

const COLOURS = 8;
/** As many as one picture shows. */
const MOST = 40;
const FIRST_RUNNING = 4;
const AGAIN_MS = 400;
const LIVE_MS = 2000;
const LOSS_LIKE = /loss|nll|perplexity|ppl|error/i;

export interface Curves {
  toggle(run: string): void;
  has(run: string): boolean;
  redraw(): void;
  /** Called when other runs are chosen. */
  watch(see: () => void): void;
}

/** Curves of any runs over each other: two pictures, each of a metric of one’s choice. */
export function startCurves(store: Store, open: (run: string) => void): Curves {
  let chosen: string[] = [];
  /** A person has chosen: what runs or is best does not change it any more. */
  let own = false;
  let by: CurveRequest['by'] = 'step';
  let smooth = 0;
  let log = false;
  const watchers: (() => void)[] = [];
  const chips = el('ul', { class: 'chips', at: { 'aria-label': 'Runs whose curves are shown' } });
  const note = el('p', { class: 'soft small', at: { role: 'status' } });

  const panels = [0, 1].map((place) =>
    createPanel(store, place, () => ({ chosen, by, smooth, log, look }), note),
  );
  const look = (run: string): Look => {
    const place = Math.max(0, chosen.indexOf(run));
    return {
      colour: colours()(`--c${place % COLOURS}`),
      dash: place >= COLOURS ? [2 + Math.floor(place / COLOURS), 3] : [],
    };
  };
  const ask = (): void => {
    for (const panel of panels) panel.ask();
  };
  const chosenAnew = (): void => {
    drawChips();
    ask();
    for (const see of watchers) see();
  };
  const drawChips = (): void => {
    const items = chosen.map((run) => {
      const { colour, dash } = look(run);
      const swatch = el('i', { class: dash.length > 0 ? 'dashed' : '' });
      swatch.style.borderColor = colour;
      const { leaders } = store.state.board;
      const part = run === leaders?.best ? ' best' : run === leaders?.baseline ? ' baseline' : '';
      return el(
        'li',
        { class: 'chip' },
        swatch,
        button(run, () => open(run), 'text', { title: store.state.runs.get(run)?.title ?? null }),
        part === '' ? null : el('span', { class: 'soft' }, part.trim()),
        button('×', () => toggle(run), 'quiet', { 'aria-label': `Take ${run} out of the curves` }),
      );
    });
    fill(
      chips,
      ...(items.length > 0 ? items : [el('li', { class: 'soft' }, 'Choose runs in the table below.')]),
    );
  };
  const toggle = (run: string): void => {
    own = true;
    if (chosen.includes(run)) chosen = chosen.filter((one) => one !== run);
    else if (chosen.length >= MOST) announce(`${MOST} curves are shown at most`);
    else chosen = [...chosen, run];
    if (chosen.length === MOST) say(note, `${MOST} curves are shown at most.`);
    chosenAnew();
  };
  const chooseFirst = (): void => {
    const { leaders, running } = store.state.board;
    const ids = [...store.state.runs.keys()];
    const live = (running ?? []).slice(0, FIRST_RUNNING).map(({ id }) => id);
    const wish = [leaders?.best, leaders?.baseline, ...live].filter((id) => id != null);
    const next = [...new Set(wish.length > 0 ? wish : ids.slice(-3))].filter((id) =>
      store.state.runs.has(id),
    );
    if (next.join() === chosen.join()) return;
    chosen = next;
    chosenAnew();
  };

  const steps = button('by step', () => choose('step'), '', { 'aria-pressed': 'true' });
  const times = button('by time', () => choose('time'), '', { 'aria-pressed': 'false' });
  const choose = (next: CurveRequest['by']): void => {
    by = next;
    steps.setAttribute('aria-pressed', String(by === 'step'));
    times.setAttribute('aria-pressed', String(by === 'time'));
    for (const panel of panels) panel.whole();
  };
  const shown = el('output', {}, 'none');
  const slider = el('input', {
    at: { type: 'range', min: 0, max: 99, value: 0, id: 'smooth' },
    on: {
      input: () => {
        smooth = Number(slider.value) / 100;
        say(shown, smooth === 0 ? 'none' : smooth.toFixed(2));
        ask();
      },
    },
  });
  const logBox = el('input', {
    at: { type: 'checkbox' },
    on: {
      change: () => {
        log = logBox.checked;
        for (const panel of panels) panel.redraw();
      },
    },
  });
  fill(
    section('curve-board'),
    el(
      'div',
      { class: 'controls' },
      el('span', { at: { role: 'group', 'aria-label': 'Over what' } }, steps, times),
      el('label', { at: { for: 'smooth' } }, 'Smoothing ', slider, shown),
      el('label', {}, logBox, 'Log scale'),
    ),
    el('div', { class: 'plots' }, ...panels.map(({ element }) => element)),
    chips,
    note,
  );
  store.watch((changed) => {
    if (changed.has('project')) {
      own = false;
      chosen = [];
      for (const panel of panels) panel.forget();
      chosenAnew();
      return;
    }
    if (!own && (changed.has('leaders') || changed.has('running') || changed.has('runs'))) chooseFirst();
    if (changed.has('metric')) ask();
    else if (chosen.some((run) => store.fresh.has(run))) for (const panel of panels) panel.soon();
  });
  drawChips();
  return {
    toggle,
    has: (run) => chosen.includes(run),
    redraw: () => {
      drawChips();
      for (const panel of panels) panel.redraw();
    },
    watch: (see) => void watchers.push(see),
  };
}

interface Choice {
  chosen: readonly string[];
  by: CurveRequest['by'];
  smooth: number;
  log: boolean;
  look(run: string): Look;
}

/** One picture with its metric. */
function createPanel(store: Store, place: number, choice: () => Choice, note: HTMLElement) {
  let metric: string | null = null;
  let range: Range = null;
  let answer: DrawnCurves | null = null;
  let asking: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let askedAt = 0;
  const plot = createCurvePlot(
    place === 0 ? 'First picture of curves' : 'Second picture of curves',
    (next) => {
      range = next;
      ask();
    },
  );
  const names = el('select', {
    at: { 'aria-label': `Metric of the ${place === 0 ? 'first' : 'second'} picture` },
    on: {
      change: () => {
        metric = names.value;
        ask();
      },
    },
  });
  const whole = button(
    'Show all',
    () => {
      range = null;
      ask();
    },
    'quiet',
  );
  const element = el('div', {}, el('header', {}, names, whole), plot.element);

  const redraw = (): void => {
    const { by, log, look } = choice();
    whole.disabled = range === null;
    const curves = (answer?.curves ?? []).map((curve) => ({ curve, look: look(curve.run) }));
    plot.show(curves, { log, range, xLabel: by === 'step' ? 'step or epoch' : 'seconds' });
  };

  const ask = (): void => {
    clearTimeout(timer);
    asking?.abort();
    const { chosen, by, smooth } = choice();
    if (chosen.length === 0) {
      answer = null;
      redraw();
      return;
    }
    const name = metric ?? store.state.board.metric?.name ?? answer?.names[0] ?? 'loss';
    const request: CurveRequest = {
      runs: [...chosen],
      metric: name,
      by,
      from: range?.[0] ?? null,
      to: range?.[1] ?? null,
      columns: plot.width(),
      smooth,
    };
    const control = new AbortController();
    asking = control;
    askedAt = Date.now();
    get<DrawnCurves>(
      '/api/curves',
      { project: store.state.project, of: JSON.stringify(request) },
      control.signal,
    )
      .then((got) => {
        answer = got;
        if (setNames(name)) return ask();
        redraw();
        say(
          note,
          got.curves.some(({ coarse }) => coarse)
            ? 'So many long curves are shown by their lowest and highest points. Choose fewer to see every point.'
            : '',
        );
        if (got.curves.some(({ reading }) => reading)) timer = setTimeout(ask, AGAIN_MS);
      })
      .catch((error: unknown) => {
        if (!control.signal.aborted) say(note, trouble(error));
      });
  };

  /** Offers what there is; true when another metric is shown from now on. */
  const setNames = (asked: string): boolean => {
    const all = answer?.names ?? [];
    const primary = store.state.board.metric?.name;
    const listed = [...new Set([...(primary === undefined ? [] : [primary]), ...all])];
    if (listed.join('\n') !== [...names.options].map(({ value }) => value).join('\n'))
      fill(names, ...listed.map((name) => el('option', { at: { value: name } }, name)));
    if (metric === null && place > 0)
      metric =
        all.find((name) => name !== primary && LOSS_LIKE.test(name)) ??
        all.find((name) => name !== primary) ??
        null;
    metric ??= listed.includes(asked) ? asked : (all[0] ?? null);
    if (metric !== null) names.value = metric;
    return metric !== null && metric !== asked;
  };

  return {
    element,
    ask,
    redraw,
    whole() {
      range = null;
      ask();
    },
    /** Another project is shown. */
    forget() {
      metric = null;
      range = null;
      answer = null;
      fill(names);
    },
    /** Something was added to what is shown: look again, but not all the time. */
    soon() {
      clearTimeout(timer);
      timer = setTimeout(ask, Math.max(0, LIVE_MS - (Date.now() - askedAt)));
    },
  };
}
