import type { VendorAnswer } from '../../core/gpus/vendor.js';
import { clip, oneLine } from '../../core/text.js';

/** What a program says when it fails, and what a person can do about it. First match wins. */
export type Failures = readonly (readonly [RegExp, string])[];

/** The failure that an answer tells, in words with a remedy; null where it tells none that is known. */
export function knownFailure(answer: VendorAnswer, failures: Failures): string | null {
  const said = `${answer.stdout}\n${answer.stderr}`;
  return failures.find(([pattern]) => pattern.test(said))?.[1] ?? null;
}

/** Why a program told of no GPU, in words. Text that nobody knows is quoted, never interpreted. */
export function whyNoGpu(program: string, answer: VendorAnswer, failures: Failures): string {
  if (answer.timedOut)
    return `${program} did not answer in time: the driver hangs. Look for it in dmesg; it may need a reboot.`;
  const known = knownFailure(answer, failures);
  if (known !== null) return known;
  const quoted = clip(oneLine(`${answer.stdout}\n${answer.stderr}`), 200);
  return `${program} told of no GPU${quoted === '' ? '' : ` and said "${quoted}"`}. Run ${program} by hand to see more.`;
}
