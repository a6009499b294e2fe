import type { Gpu } from '../../core/gpu.js';
import { gpuKey } from '../../core/gpus/choose.js';
import { formatMib } from '../../core/gpus/free.js';
import { oneLine } from '../../core/text.js';
import { formatDuration } from '../../core/units.js';
import { clipToWidth, textWidth } from '../../core/width.js';
import type { GpuBoard, Holder } from '../../engine/views/gpu-board.js';
import type { Style } from './style.js';

export interface GpuLayout {
  width: number;
  style: Style;
}

const NAME = 18;
const BAR = 6;
const MOST_PROCESSES = 8;
const INDENT = '     ';
/** Narrower than this nothing can be told. */
const NARROWEST = 40;

/** One machine: a line for each GPU, below it who holds it, then totals, who waits, and what is wrong. */
export function gpuScreen(board: GpuBoard, { width, style }: GpuLayout): string[] {
  const wide = Math.max(NARROWEST, width);
  const { survey, waiting } = board;
  const name = Math.min(NAME, Math.max(4, ...survey.gpus.map((gpu) => shortName(gpu).length)));
  const lines = [headline(board, style)];
  if (survey.gpus.length > 0)
    lines.push(
      style.dim(
        clipToWidth(
          `GPU ${pad('name', name)} ${pad('state', 8)} ${pad('load', 11)} ${pad('memory', 20)} temp  power`,
          wide,
        ),
      ),
    );
  for (const gpu of survey.gpus) {
    lines.push(gpuLine(gpu, name, wide, style));
    const why = survey.sick?.[gpuKey(gpu)];
    if (why !== undefined)
      lines.push(...wrap(why, wide - INDENT.length).map((part) => style.bad(INDENT + part)));
    lines.push(...holderLines(gpu, board, wide, style));
  }
  for (const text of [totals(board), ...waiting.map(waitWords)])
    if (text !== null) lines.push(...wrap(text, wide).map(style.dim));
  if (survey.error !== null) lines.push(...wrap(`Problem: ${survey.error}`, wide).map(style.bad));
  for (const note of survey.notes ?? []) lines.push(...wrap(`Note: ${note}`, wide).map(style.warn));
  return lines.map((line) => line.trimEnd());
}

function headline({ survey: { machine, gpus, error } }: GpuBoard, style: Style): string {
  if (gpus.length === 0) return `${style.bold(machine)}: ${error === null ? 'no GPU' : 'nothing is told'}`;
  const count = (state: Gpu['state']): number => gpus.filter((gpu) => gpu.state === state).length;
  const parts = [
    `${count('free')} free`,
    ...(['busy', 'reserved'] as const)
      .filter((state) => count(state) > 0)
      .map((state) => `${count(state)} ${state}`),
    ...(count('error') > 0 ? [`${count('error')} sick`] : []),
  ];
  return `${style.bold(machine)}: ${gpus.length} GPU${gpus.length === 1 ? '' : 's'}, ${parts.join(', ')}`;
}

function gpuLine(gpu: Gpu, nameWidth: number, width: number, style: Style): string {
  const { utilization_pct: load, memory_used_mb: used, memory_total_mb: total } = gpu;
  const share = used === null || total === null || total === 0 ? null : (100 * used) / total;
  const paint = { free: style.good, busy: style.accent, reserved: style.warn, error: style.bad }[gpu.state];
  const state = gpu.state === 'error' ? 'sick' : gpu.state;
  const memory = `${gib(used)}/${gib(total)}G`;
  const cells = [
    pad(String(gpu.index), 3),
    pad(clipToWidth(shortName(gpu), nameWidth), nameWidth),
    paint(pad(state, 8)),
    `${bar(load)}${left(load === null ? '?' : String(Math.round(load)), 4)}%`,
    `${bar(share)} ${left(memory, 13)}`,
    left(gpu.temperature_c === null ? '?C' : `${Math.round(gpu.temperature_c)}C`, 4),
    left(gpu.power_w === null ? '?W' : `${Math.round(gpu.power_w)}W`, 6),
  ];
  // Colour takes no room: the plain line is measured where it has to be cut.
  const line = cells.join(' ');
  return textWidth(plainOf(line)) <= width ? line : clipToWidth(plainOf(line), width);
}

/** Our runs first, then the processes of others, the largest first; what is left out is counted. */
function holderLines(gpu: Gpu, { holders, processes }: GpuBoard, width: number, style: Style): string[] {
  const ours = holders.get(gpuKey(gpu)) ?? [];
  const own = new Set(ours.flatMap(({ pids }) => pids));
  const lines = ours.map((holder) => {
    const mine = gpu.processes.filter(({ pid }) => holder.pids.includes(pid));
    const [before, after] = heldBy(holder, mine);
    return INDENT + style.accent(before) + clipToWidth(after, width - INDENT.length - textWidth(before));
  });
  const others = gpu.processes
    .filter(({ pid }) => !own.has(pid))
    .sort((a, b) => (b.memory_mb ?? 0) - (a.memory_mb ?? 0));
  for (const { pid, user, name, memory_mb } of others.slice(0, MOST_PROCESSES)) {
    const facts = processes.get(pid);
    const cells = [
      pad(clipToWidth(oneLine(user ?? '?'), 10), 10),
      pad(`pid ${pid}`, 12),
      left(facts === undefined ? '' : formatDuration(facts.seconds), 6),
      left(memory_mb === null ? '?' : formatMib(memory_mb), 9),
      ` ${oneLine(facts?.command ?? name ?? '?')}`,
    ];
    lines.push(clipToWidth(INDENT + cells.join(' '), width));
  }
  if (others.length > MOST_PROCESSES) lines.push(`${INDENT}and ${others.length - MOST_PROCESSES} more`);
  return lines;
}

function heldBy(holder: Holder, processes: Gpu['processes']): [string, string] {
  const told = processes.flatMap(({ memory_mb }) => memory_mb ?? []);
  const memory = told.length === 0 ? '' : formatMib(told.reduce((sum, one) => sum + one, 0));
  const who = pad(clipToWidth(`${holder.run} of ${oneLine(holder.project)}`, 23), 23);
  return [who, ` ${left(formatDuration(holder.seconds), 6)} ${left(memory, 9)}  ${oneLine(holder.command)}`];
}

/** GPUs and memory of each user; null where it is one person’s machine, or nobody is there. */
function totals({ survey }: GpuBoard): string | null {
  const users = new Map<string, { gpus: Set<Gpu>; memory: number }>();
  for (const gpu of survey.gpus) {
    for (const { user, memory_mb } of gpu.processes) {
      const known = users.get(user ?? '?') ?? { gpus: new Set<Gpu>(), memory: 0 };
      known.gpus.add(gpu);
      users.set(user ?? '?', { ...known, memory: known.memory + (memory_mb ?? 0) });
    }
  }
  if (users.size < 2) return null;
  const sorted = [...users].sort(([, a], [, b]) => b.gpus.size - a.gpus.size || b.memory - a.memory);
  const parts = sorted.map(
    ([user, { gpus, memory }]) =>
      `${oneLine(user)} ${gpus.size} GPU${gpus.size === 1 ? '' : 's'} ${formatMib(memory)}`,
  );
  return `by user: ${parts.join(', ')}`;
}

const waitWords = ({ run, project, want, seconds }: GpuBoard['waiting'][number]): string =>
  `waiting: ${run} of ${oneLine(project)} for ${want} GPU${want === 1 ? '' : 's'}, since ${formatDuration(seconds)}`;

/** Eighths of a cell, so that a bar of six tells of every second percent. */
function bar(percent: number | null): string {
  if (percent === null) return ' '.repeat(BAR);
  const eighths = Math.round((Math.min(100, Math.max(0, percent)) / 100) * BAR * 8);
  const part = eighths % 8;
  const full = '█'.repeat((eighths - part) / 8) + (part === 0 ? '' : (' ▏▎▍▌▋▊▉'[part] ?? ''));
  return full.padEnd(BAR, '·');
}

/** Without the maker’s name and family, which are the same on every line. */
function shortName(gpu: Gpu): string {
  return oneLine(gpu.name ?? '?').replace(/^(?:NVIDIA |AMD |Intel\S* )?(?:GeForce |Data Center GPU )?/, '');
}

const gib = (mib: number | null): string => (mib === null ? '?' : (mib / 1024).toFixed(1));
const pad = (text: string, cells: number): string => text + ' '.repeat(Math.max(0, cells - textWidth(text)));
const left = (text: string, cells: number): string => ' '.repeat(Math.max(0, cells - textWidth(text))) + text;
const plainOf = (text: string): string => oneLine(text);

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of oneLine(text).split(' ')) {
    if (line !== '' && textWidth(line) + 1 + textWidth(word) > width) {
      lines.push(line);
      line = '';
    }
    line = clipToWidth(line === '' ? word : `${line} ${word}`, width);
  }
  return [...lines, line];
}
