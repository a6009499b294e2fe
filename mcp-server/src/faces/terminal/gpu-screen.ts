import { oneLine } from '../../core/text.js';
import { clipToWidth, textWidth } from '../../core/width.js';
import type { GpuBoard } from '../../engine/views/gpu-board.js';
import { type GpuEntry, type GpuUser, gpuPicture } from '../../engine/views/gpu-picture.js';
import type { Style } from './style.js';

export interface GpuLayout {
  width: number;
  style: Style;
}

const NAME = 18;
const BAR = 6;
const INDENT = '     ';
/** Narrower than this nothing can be told. */
const NARROWEST = 40;

/** One machine: a line for each GPU, below it who holds it, then totals, who waits, and what is wrong. */
export function gpuScreen(board: GpuBoard, { width, style }: GpuLayout): string[] {
  const wide = Math.max(NARROWEST, width);
  const picture = gpuPicture(board);
  const name = Math.min(NAME, Math.max(4, ...picture.gpus.map((gpu) => gpu.name.length)));
  const lines = [`${style.bold(picture.machine)}: ${picture.headline}`];
  if (picture.gpus.length > 0)
    lines.push(
      style.dim(
        clipToWidth(
          `GPU ${pad('name', name)} ${pad('state', 8)} ${pad('load', 11)} ${pad('memory', 20)} temp  power`,
          wide,
        ),
      ),
    );
  for (const gpu of picture.gpus) {
    lines.push(gpuLine(gpu, name, wide, style));
    if (gpu.why !== null)
      lines.push(...wrap(gpu.why, wide - INDENT.length).map((part) => style.bad(INDENT + part)));
    for (const user of gpu.runs) lines.push(runLine(user, wide, style));
    for (const user of gpu.others) lines.push(otherLine(user, wide));
    if (gpu.more > 0) lines.push(`${INDENT}and ${gpu.more} more`);
  }
  for (const text of [picture.totals, ...picture.waiting])
    if (text !== null) lines.push(...wrap(text, wide).map(style.dim));
  if (picture.problem !== null) lines.push(...wrap(`Problem: ${picture.problem}`, wide).map(style.bad));
  for (const note of picture.notes) lines.push(...wrap(`Note: ${note}`, wide).map(style.warn));
  return lines.map((line) => line.trimEnd());
}

function gpuLine(gpu: GpuEntry, nameWidth: number, width: number, style: Style): string {
  const { load, used, total } = gpu;
  const share = used === null || total === null || total === 0 ? null : (100 * used) / total;
  const paint = { free: style.good, busy: style.accent, reserved: style.warn, sick: style.bad }[gpu.state];
  const memory = `${gib(used)}/${gib(total)}G`;
  const cells = [
    pad(String(gpu.index), 3),
    pad(clipToWidth(gpu.name, nameWidth), nameWidth),
    paint(pad(gpu.state, 8)),
    `${bar(load)}${left(load === null ? '?' : String(Math.round(load)), 4)}%`,
    `${bar(share)} ${left(memory, 13)}`,
    left(gpu.temperature === null ? '?C' : `${Math.round(gpu.temperature)}C`, 4),
    left(gpu.watts === null ? '?W' : `${Math.round(gpu.watts)}W`, 6),
  ];
  // Colour takes no room: the plain line is measured where it has to be cut.
  const line = cells.join(' ');
  return textWidth(plainOf(line)) <= width ? line : clipToWidth(plainOf(line), width);
}

function runLine({ who, since, memory, command }: GpuUser, width: number, style: Style): string {
  const before = pad(clipToWidth(who, 23), 23);
  const after = ` ${left(since ?? '', 6)} ${left(memory ?? '', 9)}  ${command}`;
  return INDENT + style.accent(before) + clipToWidth(after, width - INDENT.length - textWidth(before));
}

function otherLine({ who, pid, since, memory, command }: GpuUser, width: number): string {
  const cells = [
    pad(clipToWidth(who, 10), 10),
    pad(`pid ${pid}`, 12),
    left(since ?? '', 6),
    left(memory ?? '?', 9),
    ` ${command}`,
  ];
  return clipToWidth(INDENT + cells.join(' '), width);
}

/** Eighths of a cell, so that a bar of six tells of every second percent. */
function bar(percent: number | null): string {
  if (percent === null) return ' '.repeat(BAR);
  const eighths = Math.round((Math.min(100, Math.max(0, percent)) / 100) * BAR * 8);
  const part = eighths % 8;
  const full = '█'.repeat((eighths - part) / 8) + (part === 0 ? '' : (' ▏▎▍▌▋▊▉'[part] ?? ''));
  return full.padEnd(BAR, '·');
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
