import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { build } from 'esbuild';

/**
 * A program for child processes that use our own modules: TypeScript, bundled into a temporary folder. Imports are
 * relative to the repository's root.
 */
export async function childProgram(source: string): Promise<{ path: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'ae-child-'));
  const path = join(folder, 'child.mjs');
  await build({
    stdin: { contents: source, resolveDir: process.cwd(), loader: 'ts', sourcefile: 'child.ts' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile: path,
    logLevel: 'silent',
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface Child {
  pid: number;
  process: ChildProcessByStdio<Writable, Readable, null>;
  /** The next line that it prints; rejects when it ends without one. */
  line(): Promise<string>;
  /** Resolves when it has ended. */
  ended: Promise<void>;
}

/** Starts a child program; its input stays open until `process.stdin.end()`. */
export function startChild(path: string, args: readonly string[] = []): Child {
  const child = spawn(process.execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    pid: child.pid ?? 0,
    process: child,
    ended,
    async line() {
      const next = await lines.next();
      if (next.done === true) throw new Error('the child ended without a line');
      return next.value;
    },
  };
}
