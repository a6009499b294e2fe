import type { Gpu } from '../../core/gpu.js';
import { gpuKey } from '../../core/gpus/choose.js';
import { formatMib } from '../../core/gpus/free.js';
import { createRedactor } from '../../core/redact.js';
import { oneLine } from '../../core/text.js';
import { formatDuration } from '../../core/units.js';
import type { GpuBoard } from './gpu-board.js';

/** Who uses a GPU: one of our runs, or a process of anybody. */
export interface GpuUser {
  /** `exp007 of digits`, or the user. */
  who: string;
  /** Null for a run. */
  pid: number | null;
  /** `2h10m`; null = not told. */
  since: string | null;
  /** `40.0 GiB`; null = not told. */
  memory: string | null;
  command: string;
}

export interface GpuEntry {
  index: number;
  /** Without the maker’s name and family, which are the same on every line. */
  name: string;
  state: 'free' | 'busy' | 'reserved' | 'sick';
  /** Why nothing is started on it. */
  why: string | null;
  /** Percent; null = not told. */
  load: number | null;
  /** MiB; null = not told. */
  used: number | null;
  total: number | null;
  temperature: number | null;
  watts: number | null;
  /** Our runs first, then the processes of others, the largest first. */
  runs: GpuUser[];
  others: GpuUser[];
  /** Processes beyond those. */
  more: number;
}

/** The GPUs of one machine in words and numbers: what the terminal and the page show of them. */
export interface GpuPicture {
  machine: string;
  /** `4 GPUs, 1 free, 2 busy, 1 sick`. */
  headline: string;
  gpus: GpuEntry[];
  /** GPUs and memory of each user; null where it is one person’s machine, or nobody is there. */
  totals: string | null;
  /** Runs that wait for GPUs, the first in line first. */
  waiting: string[];
  problem: string | null;
  notes: string[];
}

const MOST_PROCESSES = 8;

/** What has the shape of a key is taken out of the commands. */
export function gpuPicture(board: GpuBoard): GpuPicture {
  const { survey, waiting } = board;
  const redact = createRedactor([]);
  return {
    machine: survey.machine,
    headline: headlineOf(board),
    gpus: survey.gpus.map((gpu) => entryOf(gpu, board, redact)),
    totals: totalsOf(survey.gpus),
    waiting: waiting.map(
      ({ run, project, want, seconds }) =>
        `waiting: ${run} of ${oneLine(project)} for ${want} GPU${want === 1 ? '' : 's'}, since ${formatDuration(seconds)}`,
    ),
    problem: survey.error === null ? null : oneLine(survey.error),
    notes: (survey.notes ?? []).map(oneLine),
  };
}

function headlineOf({ survey: { gpus, error } }: GpuBoard): string {
  if (gpus.length === 0) return error === null ? 'no GPU' : 'nothing is told';
  const count = (state: Gpu['state']): number => gpus.filter((gpu) => gpu.state === state).length;
  const parts = [
    `${count('free')} free`,
    ...(['busy', 'reserved'] as const)
      .filter((state) => count(state) > 0)
      .map((state) => `${count(state)} ${state}`),
    ...(count('error') > 0 ? [`${count('error')} sick`] : []),
  ];
  return `${gpus.length} GPU${gpus.length === 1 ? '' : 's'}, ${parts.join(', ')}`;
}

function entryOf(
  gpu: Gpu,
  { survey, holders, processes }: GpuBoard,
  redact: (text: string) => string,
): GpuEntry {
  const ours = holders.get(gpuKey(gpu)) ?? [];
  const own = new Set(ours.flatMap(({ pids }) => pids));
  const others = gpu.processes
    .filter(({ pid }) => !own.has(pid))
    .sort((a, b) => (b.memory_mb ?? 0) - (a.memory_mb ?? 0));
  return {
    index: gpu.index,
    name: oneLine(gpu.name ?? '?').replace(/^(?:NVIDIA |AMD |Intel\S* )?(?:GeForce |Data Center GPU )?/, ''),
    state: gpu.state === 'error' ? 'sick' : gpu.state,
    why: survey.sick?.[gpuKey(gpu)] ?? null,
    load: gpu.utilization_pct,
    used: gpu.memory_used_mb,
    total: gpu.memory_total_mb,
    temperature: gpu.temperature_c,
    watts: gpu.power_w,
    runs: ours.map((holder) => {
      const mine = gpu.processes.filter(({ pid }) => holder.pids.includes(pid));
      const told = mine.flatMap(({ memory_mb }) => memory_mb ?? []);
      return {
        who: `${holder.run} of ${oneLine(holder.project)}`,
        pid: null,
        since: formatDuration(holder.seconds),
        memory: told.length === 0 ? null : formatMib(told.reduce((sum, one) => sum + one, 0)),
        command: redact(oneLine(holder.command)),
      };
    }),
    others: others.slice(0, MOST_PROCESSES).map(({ pid, user, name, memory_mb }) => {
      const facts = processes.get(pid);
      return {
        who: oneLine(user ?? '?'),
        pid,
        since: facts === undefined ? null : formatDuration(facts.seconds),
        memory: memory_mb === null ? null : formatMib(memory_mb),
        command: redact(oneLine(facts?.command ?? name ?? '?')),
      };
    }),
    more: Math.max(0, others.length - MOST_PROCESSES),
  };
}

function totalsOf(gpus: readonly Gpu[]): string | null {
  const users = new Map<string, { gpus: Set<Gpu>; memory: number }>();
  for (const gpu of gpus) {
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
