import { blankGpu } from '../../core/gpus/blank.js';
import type { GpuReading } from '../../core/gpus/vendor.js';
import { numberIn, textIn } from './cells.js';

/** Whether a text is the table that nvidia-smi prints unasked. */
export const isTable = (text: string): boolean => /^\| NVIDIA-SMI \d/m.test(text);

/**
 * The GPUs of nvidia-smi's own table, of any driver since 2013: two lines for each, the cells of the second told apart by
 * what they look like. A name that is cut off there stays cut off; UUIDs and processes are not told.
 */
export function readTable(text: string): GpuReading[] {
  const lines = text.split(/\r?\n/);
  return lines.flatMap((line, at): GpuReading[] => {
    // `|   0  Tesla V100-SXM2...  On   | 00000000:06:00.0 Off |   0 |`
    const [, index, name] =
      /^\|\s+(\d+)\s+(\S.*?)\s+(?:On|Off|N\/A|WDDM|TCC|MCDM)\s*\|\s*[0-9A-Fa-f]+:/.exec(line) ?? [];
    const [, left = '', memory = '', load = ''] = (lines[at + 1] ?? '').split('|');
    const [, used, total] = /^\s*(\S+)\s*\/\s*(\S+)\s*$/.exec(memory) ?? [];
    if (index === undefined || used === undefined) return [];
    return [
      {
        ...blankGpu('nvidia', Number(index)),
        name: textIn(name),
        memory_used_mb: numberIn(used),
        memory_total_mb: numberIn(total),
        utilization_pct: numberIn(/^\s*(\d+%)/.exec(load)?.[1]),
        temperature_c: numberIn(/\s(\d+C)\s/.exec(left)?.[1]),
        power_w: numberIn(/(\d+(?:\.\d+)?W) \//.exec(left)?.[1]),
      },
    ];
  });
}
