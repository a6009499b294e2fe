import { LabError } from './errors.js';
import { clip, oneLine } from './text.js';

/** What a script of ours said when it failed on a machine, in words with a remedy. */
export function scriptError(machine: string, code: number, stderr: string): LabError {
  const said = clip(oneLine(stderr.trim().split('\n').at(-1) ?? ''), 300);
  const isFull = /No space left|quota exceeded/i.test(stderr);
  return new LabError(
    `${machine}: ${isFull ? 'the disk there is full' : said === '' ? `exit code ${code}` : said}`,
    isFull
      ? 'free some space there, or raise the quota'
      : 'check the folder execution.remote_workspace and its permissions there',
  );
}
