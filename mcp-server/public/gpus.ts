import type { GpuEntry, GpuUser } from '../src/engine/views/gpu-picture.js';
import { bar, el, fill, section } from './dom.js';
import type { Board } from './state.js';

const TONES = { free: 'good', busy: 'plain', reserved: 'maybe', sick: 'bad' } as const;

/** The GPUs as `auto-experiment gpu` tells of them: who holds which, since when, doing what, and what is sick. */
export function drawGpus(given: Board['gpus'] | undefined): void {
  const picture = given?.picture ?? null;
  const note = given?.note ?? null;
  if (picture === null) {
    fill(
      section('gpus'),
      el('p', { class: 'soft' }, given === undefined ? '…' : (note ?? 'The driver is being asked …')),
    );
    return;
  }
  const soft = (text: string): HTMLElement => el('p', { class: 'soft small' }, text);
  fill(
    section('gpus'),
    soft(`${picture.machine === '' ? 'this computer' : picture.machine}: ${picture.headline}`),
    picture.gpus.length === 0 ? null : el('ul', { class: 'list' }, ...picture.gpus.map(entry)),
    picture.totals === null ? null : soft(picture.totals),
    ...picture.waiting.map(soft),
    picture.problem === null ? null : el('p', { class: 'bad small' }, `Problem: ${picture.problem}`),
    ...picture.notes.map((text) => soft(`Note: ${text}`)),
  );
}

function entry(gpu: GpuEntry): HTMLElement {
  const { used, total } = gpu;
  const gib = (mib: number | null): string => (mib === null ? '?' : (mib / 1024).toFixed(1));
  const facts = [
    `${gpu.load === null ? '?' : Math.round(gpu.load)} % load`,
    `${gib(used)} of ${gib(total)} GiB`,
    ...(gpu.temperature === null ? [] : [`${Math.round(gpu.temperature)} °C`]),
    ...(gpu.watts === null ? [] : [`${Math.round(gpu.watts)} W`]),
  ];
  return el(
    'li',
    { class: 'gpu' },
    el(
      'div',
      { class: 'run-line' },
      el('b', {}, `${gpu.index}`),
      el('span', { class: 'grow' }, gpu.name),
      el('span', { class: `word ${TONES[gpu.state]}` }, gpu.state),
    ),
    el('div', { class: 'soft small' }, facts.join(' · ')),
    used === null || total === null || total === 0 ? null : bar(used / total, `Memory of GPU ${gpu.index}`),
    gpu.why === null ? null : el('div', { class: 'bad small' }, gpu.why),
    ...gpu.runs.map((user) => line(user, el('b', {}, user.who))),
    ...gpu.others.map((user) => line(user, `${user.who} pid ${user.pid}`)),
    gpu.more === 0 ? null : el('div', { class: 'who' }, `and ${gpu.more} more`),
  );
}

/** One line; what does not fit is told where one points. */
function line(user: GpuUser, who: Node | string): HTMLElement {
  return el('div', { class: 'who', at: { title: user.command } }, who, wordsOf(user));
}

function wordsOf({ since, memory, command }: GpuUser): string {
  return [since === null ? '' : ` for ${since}`, memory === null ? '' : `, ${memory}`, ` · ${command}`].join(
    '',
  );
}
