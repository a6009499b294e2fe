import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const uuid = (index: number): string => `GPU-0000000${index}-aaaa-bbbb-cccc-dddddddddddd`;
const line = (index: number, used: number, load: number): string =>
  `${index}, ${uuid(index)}, NVIDIA H100 80GB HBM3, 550.54.15, P0, ${31 + load / 2}, ${load}, 81559, ${used}, ${68 + 5 * load}, 700.00, Disabled`;

/** Puts an nvidia-smi into a folder that tells of four GPUs, one of which somebody else computes on. */
export function standInGpus(bin: string): void {
  const lines = [line(0, 4, 0), line(1, 41_000, 92), line(2, 4, 0), line(3, 4, 0)];
  const script = `#!/bin/sh
case "$*" in
  *--query-compute-apps*) echo '${uuid(1)}, 1, python3, 40960' ;;
  *--query-gpu*) printf '%s\\n' ${lines.map((one) => `'${one}'`).join(' ')} ;;
esac
`;
  writeFileSync(join(bin, 'nvidia-smi'), script);
  chmodSync(join(bin, 'nvidia-smi'), 0o755);
}
