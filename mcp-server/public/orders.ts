import { confirmed, post, trouble } from './ask.js';
import { announce, button, byId, el, fill, say } from './dom.js';
import type { Store } from './state.js';

/** The box for directives, and the two orders that it has buttons for. */
export function startOrders(store: Store): void {
  const { state } = store;
  const box = el('textarea', { at: { id: 'directive', rows: 3, maxlength: 16_000 } });
  const said = el('p', { class: 'small soft', at: { role: 'status' } });
  const send = el('button', { class: 'main', at: { type: 'submit' } }, 'Leave directive');
  const pause = button('Pause the loop', () => void order('pause'));
  const resume = button('Resume the loop', () => void order('resume'));
  const stand = el('p', { class: 'soft small' });
  const list = el('ul', { class: 'list' });
  const tell = async (act: () => Promise<unknown>, done: string): Promise<void> => {
    try {
      await act();
      say(said, done);
      announce(done);
    } catch (error) {
      said.textContent = trouble(error);
    }
  };
  const order = async (what: 'pause' | 'resume'): Promise<void> => {
    const question =
      what === 'pause'
        ? {
            title: 'Pause the loop?',
            text: 'Nothing new is launched until it is resumed. What runs goes on.',
            yes: 'Pause',
          }
        : { title: 'Resume the loop?', text: 'It plans and launches again.', yes: 'Resume' };
    if (await confirmed(question))
      await tell(
        () => post('/api/loop', { project: state.project, order: what }),
        'Written; the loop takes it before it plans anything else.',
      );
  };
  const form = el(
    'form',
    {
      on: {
        submit: (event) => {
          event.preventDefault();
          const text = box.value.trim();
          if (text === '') return void say(said, 'Say in words what the next cycle is to do.');
          send.disabled = true;
          void tell(async () => {
            await post('/api/directive', { project: state.project, text });
            box.value = '';
          }, 'Written; it is taken before anything else is planned.').finally(() => {
            send.disabled = false;
          });
        },
      },
    },
    el('label', { at: { for: 'directive' } }, 'A directive: what the next cycle is to do'),
    box,
    el('div', { class: 'row' }, send, pause, resume),
  );
  fill(byId('order', HTMLElement), form, said, stand, list);
  store.watch((changed) => {
    if (!['orders', 'about', 'project'].some((name) => changed.has(name))) return;
    if (changed.has('project')) say(said, '');
    const { about, orders } = state.board;
    pause.hidden = about?.paused === true;
    resume.hidden = about?.paused !== true;
    say(
      stand,
      about === undefined
        ? ''
        : about.paused
          ? 'The loop is paused.'
          : about.loop
            ? 'The loop is at work.'
            : 'No loop is at work now: a directive waits for the next one.',
    );
    fill(
      list,
      ...(orders ?? []).map(({ time, text, state: stage, outcome }) =>
        el(
          'li',
          {},
          el(
            'div',
            { class: 'run-line' },
            el(
              'span',
              { class: `word ${stage === 'done' ? 'good' : 'maybe'}` },
              stage === 'done' ? 'archived' : stage,
            ),
            el('span', { class: 'soft small' }, time),
          ),
          el('p', {}, text),
          outcome === null ? null : el('p', { class: 'soft small' }, outcome),
        ),
      ),
    );
  });
}
