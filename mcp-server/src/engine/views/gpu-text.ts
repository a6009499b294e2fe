import type { Gpu, GpuSurvey } from '../../core/gpu.js';
import { gpuKey } from '../../core/gpus/choose.js';
import { formatMib } from '../../core/gpus/free.js';
import { clip, oneLine } from '../../core/text.js';

const WIDTH = 80;
const NAME_WIDTH = 26;
const MAX_PROCESSES = 8;
const INDENT = '     ';

/**
 * A survey as calm text of at most 80 columns, without colour: one line per GPU, and under it why it is sick, and who
 * uses it. Unknown values are shown as `?`.
 */
export function renderGpus(survey: GpuSurvey): string {
  const lines = [headline(survey)];
  const nameWidth = Math.min(NAME_WIDTH, Math.max(4, ...survey.gpus.map((gpu) => shortName(gpu).length)));
  if (survey.gpus.length > 0) {
    lines.push(row(nameWidth, ['GPU', 'name', 'state', 'load', 'memory', 'temp', 'power']));
  }
  for (const gpu of survey.gpus) {
    lines.push(gpuLine(gpu, nameWidth));
    const why = survey.sick?.[gpuKey(gpu)];
    if (why !== undefined) lines.push(...wrap(why, WIDTH - INDENT.length).map((line) => INDENT + line));
    lines.push(...processLines(gpu));
  }
  if (survey.error !== null) lines.push('', ...wrap(`Problem: ${survey.error}`));
  for (const note of survey.notes ?? []) lines.push('', ...wrap(`Note: ${note}`));
  return lines.map((line) => line.trimEnd()).join('\n');
}

function headline({ machine, gpus }: GpuSurvey): string {
  if (gpus.length === 0) return `${machine}: no GPU`;
  const free = gpus.filter((gpu) => gpu.state === 'free').length;
  return `${machine}: ${gpus.length} GPU${gpus.length === 1 ? '' : 's'}, ${free} free`;
}

function gpuLine(gpu: Gpu, nameWidth: number): string {
  const used = gpu.memory_used_mb === null ? '?' : gib(gpu.memory_used_mb);
  const total = gpu.memory_total_mb === null ? '?' : gib(gpu.memory_total_mb);
  return row(nameWidth, [
    String(gpu.index),
    clip(shortName(gpu), nameWidth),
    gpu.state,
    `${gpu.utilization_pct ?? '?'} %`,
    `${used}/${total} GiB`,
    `${gpu.temperature_c ?? '?'} C`,
    gpu.power_w === null ? '? W' : `${Math.round(gpu.power_w)} W`,
  ]);
}

function row(
  nameWidth: number,
  cells: readonly [string, string, string, string, string, string, string],
): string {
  const [index, name, state, load, memory, temperature, power] = cells;
  const left = `${index.padStart(3)}  ${name.padEnd(nameWidth)}  ${state.padEnd(8)}`;
  return `${left} ${load.padStart(5)}  ${memory.padStart(15)}  ${temperature.padStart(5)}  ${power.padStart(6)}`;
}

/** The largest first; what is left out is counted. */
function processLines(gpu: Gpu): string[] {
  const sorted = [...gpu.processes].sort((a, b) => (b.memory_mb ?? 0) - (a.memory_mb ?? 0));
  const shown = sorted.slice(0, MAX_PROCESSES).map(({ user, pid, name, memory_mb }) => {
    const memory = memory_mb === null ? '?' : formatMib(memory_mb);
    const owner = clip(oneLine(user ?? '?'), 16).padEnd(10);
    return within(
      `${INDENT}${owner} ${String(pid).padStart(8)}  ${memory.padStart(10)}  ${oneLine(name ?? '?')}`,
    );
  });
  const more = sorted.length - shown.length;
  return more > 0 ? [...shown, `${INDENT}and ${more} more`] : shown;
}

/** Without the maker’s name and family, which are the same on every line. */
function shortName(gpu: Gpu): string {
  return oneLine(gpu.name ?? '?').replace(/^(?:NVIDIA |AMD |Intel\S* )?(?:GeForce )?/, '');
}

function gib(mib: number): string {
  return (mib / 1024).toFixed(1);
}

function within(line: string): string {
  return clip(line, WIDTH);
}

function wrap(text: string, width = WIDTH): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of oneLine(text).split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
