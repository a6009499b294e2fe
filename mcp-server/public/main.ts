import { confirmed, post, trouble } from './ask.js';
import { startBest } from './best.js';
import { startCurves } from './curves.js';
import { announce, section } from './dom.js';
import { goLive } from './live.js';
import { startOrders } from './orders.js';
import { startPanels } from './panels.js';
import { startProjects } from './projects.js';
import { type RunView, startRun } from './run.js';
import { createStore } from './state.js';
import { startTable } from './table.js';
import { startTheme } from './theme.js';

// The key stays in a cookie that no script reads; it has no place in the address bar, in the history or in a screenshot.
if (location.search !== '') history.replaceState(null, '', location.pathname + location.hash);

const store = createStore();
const wanted = location.hash.slice(1);
let view: RunView | null = null;
const open = (run: string): void => view?.open(run);

const stop = async (run: string): Promise<void> => {
  const title = store.state.runs.get(run)?.title ?? '';
  const text = `${title}. It is asked to end, given time to write a checkpoint, and then ended. A stopped run cannot be resumed.`;
  if (!(await confirmed({ title: `Stop ${run}?`, text, yes: `Stop ${run}` }))) return;
  try {
    const { asked } = await post<{ asked: boolean }>('/api/stop', { project: store.state.project, run });
    announce(asked ? `${run} is being stopped` : `${run} has ended already`);
  } catch (error) {
    await confirmed({ title: `${run} could not be stopped`, text: trouble(error), yes: 'Close' });
  }
};

const curves = startCurves(store, open);
const best = startBest(store, open);
const table = startTable(store, { open, toggle: curves.toggle, has: curves.has });
curves.watch(table.redraw);
startPanels(store, { open, stop: (run) => void stop(run) });
startOrders(store);
const live = goLive(store);
startProjects(store, live.open);
view = startRun(store, live, {
  stop: (run) => void stop(run),
  toggle: curves.toggle,
  has: curves.has,
  order: table.order,
});

const redraw = (): void => {
  best.redraw();
  curves.redraw();
};
startTheme(redraw);
let sized: ReturnType<typeof setTimeout> | undefined;
addEventListener('resize', () => {
  clearTimeout(sized);
  sized = setTimeout(redraw, 120);
});

// Pictures of nothing are no help.
store.watch((changed) => {
  if (!changed.has('runs') && !changed.has('project')) return;
  const wasEmpty = section('curves').hidden;
  const isEmpty = store.state.runs.size === 0;
  for (const id of ['best-part', 'curves']) section(id).hidden = isEmpty;
  if (wasEmpty && !isEmpty) redraw();
});

let opened = false;
store.watch(() => {
  if (opened || !store.state.runs.has(wanted)) return;
  opened = true;
  open(wanted);
});
