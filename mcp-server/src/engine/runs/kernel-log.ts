import type { Machine } from '../../core/ports.js';

/**
 * The line of the kernel's log that says that this process was ended for memory; null when there is none or when the
 * log may not be read (it needs rights on many hosts). Format: `Killed process PID (name)` of mm/oom_kill.c.
 */
export async function kernelLineOf(
  machine: Pick<Machine, 'exec'>,
  pid: number | null,
): Promise<string | null> {
  if (pid === null) return null;
  const { code, stdout } = await machine.exec(['dmesg'], { timeoutMs: 3000, maxBytes: 256 * 1024 });
  if (code !== 0) return null;
  const line = stdout.split('\n').findLast((text) => new RegExp(`[Kk]illed process ${pid} \\(`).test(text));
  return line === undefined ? null : line.trim().slice(0, 200);
}
