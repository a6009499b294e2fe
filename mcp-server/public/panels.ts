import { bar, button, el, fill, say, section } from './dom.js';
import { drawGpus } from './gpus.js';
import type { Board, Store } from './state.js';

export interface Acts {
  open(run: string): void;
  stop(run: string): void;
}

/** The parts of the page that show one section of the board each. */
export function startPanels(store: Store, acts: Acts): void {
  const { state } = store;
  const panels: Record<string, (board: Partial<Board>) => void> = {
    about: ({ about }) => {
      say(section('project'), about?.project ?? state.projects[state.project]?.name ?? 'auto-experiment');
      say(section('goal'), about?.goal ?? '');
      document.title = about === undefined ? 'auto-experiment' : `${about.project} · auto-experiment`;
      say(section('foot'), about?.path ?? '');
    },
    answer: ({ answer }) => drawAnswer(answer),
    budgets: ({ budgets }) => fill(section('budgets'), ...(budgets ?? []).map(budgetItem)),
    running: ({ running, about }) => drawRunning(running ?? [], about, acts),
    needs: ({ needs }) => drawNeeds(needs, acts),
    timeline: ({ timeline }) => drawTimeline(timeline ?? [], acts),
    memory: ({ memory }) => drawMemory(memory),
    gpus: ({ gpus }) => drawGpus(gpus),
  };
  store.watch((changed) => {
    for (const [name, draw] of Object.entries(panels))
      if (changed.has(name) || changed.has('project') || (name === 'running' && changed.has('about')))
        draw(state.board);
    if (changed.has('error') || changed.has('project')) drawError(state.error);
    // Of a project that could never be read there is nothing else to show.
    document.body.classList.toggle('blank', state.error !== null && state.board.about === undefined);
  });
}

function drawError(error: Store['state']['error']): void {
  const problem = section('problem');
  problem.hidden = error === null;
  fill(
    problem,
    error === null ? null : el('b', {}, error.message),
    error === null ? null : el('div', {}, error.hint),
  );
  if (error !== null && section('say').textContent === 'Reading the project …')
    say(section('say'), 'This project cannot be shown.');
}

function drawAnswer(answer: Board['answer'] | undefined): void {
  const hero = section('answer');
  hero.className = `card hero ${answer?.headline.tone ?? ''}`;
  say(section('say'), answer?.headline.text ?? 'Reading the project …');
  for (const [id, text] of [
    ['trust', answer?.headline.trust ?? null],
    ['target', answer?.target?.text ?? null],
  ] as const) {
    section(id).hidden = text === null;
    say(section(id), text ?? '');
  }
  fill(
    section('facts'),
    ...(answer?.facts ?? []).map(({ name, value }) => el('li', {}, el('b', {}, name), value)),
  );
  fill(section('notes'), ...(answer?.notes ?? []).map((text) => el('p', {}, text)));
}

function budgetItem({ text, share }: Board['budgets'][number]): HTMLLIElement {
  const [name = '', ...value] = text.split(': ');
  return el(
    'li',
    {},
    el('b', {}, name),
    value.join(': '),
    share === null ? null : bar(share, `${name} used`),
  );
}

function drawRunning(running: Board['running'], about: Board['about'] | undefined, acts: Acts): void {
  const kept = new Map(
    [...document.querySelectorAll<HTMLElement>('#running li')].map((item) => [item.dataset.run, item]),
  );
  const items = running.map((run) => {
    const words = `${run.title} ${run.text} ${run.share} ${run.stopping}`;
    const old = kept.get(run.id);
    if (old?.dataset.words === words) return old;
    const stop = button(run.stopping ? 'stopping …' : 'Stop', () => acts.stop(run.id), 'quiet', {
      'aria-label': `Stop ${run.id}`,
    });
    stop.disabled = run.stopping;
    const item = el(
      'li',
      {},
      el(
        'div',
        { class: 'run-line' },
        button(run.id, () => acts.open(run.id), 'text'),
        el('span', { class: 'grow' }, run.title),
        stop,
      ),
      el('p', { class: 'soft small' }, run.text),
      run.share === null ? null : bar(run.share, `Progress of ${run.id}`),
    );
    item.dataset.run = run.id;
    item.dataset.words = words;
    return item;
  });
  const idle =
    about === undefined
      ? '…'
      : `Nothing is running. The loop: ${about.paused ? 'paused' : about.loop ? 'at work' : 'not started'}.`;
  const active = document.activeElement;
  fill(
    section('running'),
    items.length > 0 ? el('ul', { class: 'list' }, ...items) : el('p', { class: 'soft' }, idle),
  );
  if (active instanceof HTMLElement && active.isConnected && document.activeElement !== active)
    active.focus();
}

function drawNeeds(needs: Board['needs'] | undefined, acts: Acts): void {
  const items = (needs ?? []).map(({ text, tone, run }) =>
    el(
      'li',
      { class: tone },
      el(
        'div',
        {},
        text,
        run === null ? null : ' ',
        run === null ? null : button(`See ${run}`, () => acts.open(run), 'text'),
      ),
    ),
  );
  fill(
    section('needs'),
    items.length > 0
      ? el('ul', { class: 'list needs' }, ...items)
      : el('p', { class: 'soft' }, needs === undefined ? '…' : 'Nothing needs you.'),
  );
}

const KINDS = {
  decision: 'decision',
  directive: 'directive',
  withdrawn: 'withdrawn',
  stopped: 'stopped',
} as const;

function drawTimeline(timeline: Board['timeline'], acts: Acts): void {
  const items = timeline.map(({ time, kind, run, text }) =>
    el(
      'li',
      {},
      el(
        'div',
        {},
        el('div', { class: 'soft small' }, time),
        kind === 'decision' ? null : el('span', { class: 'kind' }, KINDS[kind]),
      ),
      el(
        'p',
        {},
        text,
        run === null ? null : ' ',
        run === null ? null : button(run, () => acts.open(run), 'text'),
      ),
    ),
  );
  fill(
    section('timeline'),
    items.length > 0
      ? el(
          'div',
          {
            class: 'scroll',
            at: { tabindex: 0, role: 'region', 'aria-label': 'Decisions, the newest first' },
          },
          el('ul', { class: 'list times' }, ...items),
        )
      : el('p', { class: 'soft' }, 'No decision was written yet.'),
  );
}

function drawMemory(memory: Board['memory'] | undefined): void {
  const part = (title: string, text: string, empty: string) =>
    el(
      'details',
      { at: { open: text.length > 0 && text.length < 1200 } },
      el('summary', {}, title),
      text.trim() === ''
        ? el('p', { class: 'soft' }, empty)
        : el('pre', { at: { tabindex: 0, 'aria-label': title } }, text),
    );
  fill(
    section('memory'),
    part('Memory (MEMORY_LOG.md)', memory?.memory ?? '', 'Nothing is remembered yet.'),
    part(
      'Brief (PROJECT_BRIEF.md)',
      memory?.brief ?? '',
      'There is no brief: write PROJECT_BRIEF.md, or use auto-experiment init.',
    ),
  );
}
