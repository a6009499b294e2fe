import { el, fill, section } from './dom.js';
import type { Store } from './state.js';

/** One line for each project, where there are several. */
export function startProjects(store: Store, open: (project: number) => void): void {
  const nav = section('projects');
  store.watch((changed) => {
    if (!changed.has('projects') && !changed.has('project')) return;
    const { projects, project } = store.state;
    nav.hidden = projects.length < 2;
    const focused = [...nav.children].indexOf(document.activeElement ?? nav);
    fill(
      nav,
      ...projects.map(({ name, text, broken, needs, runs, path }, index) => {
        const more = broken || needs === 0 ? '' : ` · ${needs} need${needs === 1 ? 's' : ''} you`;
        return el(
          'button',
          {
            class: broken ? 'broken' : '',
            at: { type: 'button', 'aria-current': index === project ? 'true' : null, title: path },
            on: { click: () => open(index) },
          },
          el('b', {}, name),
          el(
            'span',
            { class: 'state' },
            broken ? text : `${runs} run${runs === 1 ? '' : 's'} · ${text}${more}`,
          ),
        );
      }),
    );
    const again = nav.children[focused];
    if (again instanceof HTMLElement) again.focus();
  });
}
