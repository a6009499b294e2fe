import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { errorCode } from '../core/errors.js';

const CODE = new Set(
  '.py .pyx .ipynb .sh .bash .yaml .yml .toml .cfg .ini .json .cu .cuh .c .cc .cpp .h .hpp .rs .go .jl .r .lua .m .ts .js .mjs'.split(
    ' ',
  ),
);
/** Folders that hold what training writes, or what others wrote: their files are not the code that changed. */
const NOT_CODE =
  /^(\.|__pycache__$|node_modules$|venv$|env$|wandb$|mlruns$|lightning_logs$|outputs?$|runs$|logs?$|results?$|checkpoints?$|data(sets?)?$)/i;
const MAX_FILE = 1024 * 1024;
const MAX_FILES = 20_000;

/**
 * A hash of the program text below a folder, to notice changed code: files with an extension of code or
 * configuration, up to 1 MiB each. Unreadable files count by name. Not a snapshot, only a yes or no.
 */
export function codeFingerprint(root: string, exclude: readonly string[]): string {
  const hash = createHash('sha256');
  let left = MAX_FILES;
  const visit = (folder: string, prefix: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const path = join(folder, entry.name);
      if (NOT_CODE.test(entry.name) || exclude.includes(path)) continue;
      if (entry.isDirectory()) visit(path, `${prefix}${entry.name}/`);
      else if (entry.isFile() && CODE.has(extname(entry.name).toLowerCase()) && left-- > 0) {
        hash.update(`${prefix}${entry.name}\0`).update(contents(path)).update('\0');
      }
    }
  };
  visit(root, '');
  return hash.digest('hex');
}

function contents(path: string): Buffer {
  try {
    return statSync(path).size > MAX_FILE ? Buffer.from('large') : readFileSync(path);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return Buffer.from('unreadable');
  }
}
