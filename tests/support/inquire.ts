import type { GpuVendor, Known, VendorAnswer, VendorReport } from '../../mcp-server/src/core/gpus/vendor.js';

/** What a program that knows nothing of a question says. */
const SILENT: VendorAnswer = { code: 2, stdout: '', stderr: '', timedOut: false };

/** Leads one inquiry with a machine that is played by `reply`; a command it gives no answer to fails without words. */
export function inquire(
  vendor: GpuVendor,
  reply: (argv: readonly string[]) => Partial<VendorAnswer> | string | undefined,
  { has = () => true, known = new Map() }: { has?: (program: string) => boolean; known?: Known } = {},
): { report: VendorReport; asked: string[] } {
  const asked: string[] = [];
  const inquiry = vendor.inquire(has, known);
  let step = inquiry.next();
  while (step.done !== true) {
    asked.push(step.value.join(' '));
    const answer = reply(step.value);
    const over = typeof answer === 'string' ? { stdout: answer, code: 0 } : (answer ?? {});
    step = inquiry.next({ ...SILENT, ...(answer === undefined ? {} : { code: 0 }), ...over });
  }
  return { report: step.value, asked };
}
