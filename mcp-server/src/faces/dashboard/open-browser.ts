import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { escapeXml } from '../../core/escape.js';
import { writeAtomic } from '../../store/files.js';
import type { Console } from '../command.js';

/**
 * Opens the page where there is a screen; returns what is to be called in the end. The address holds the key, and arguments of
 * processes are seen by every user of a machine: so the browser is given a file, which only this user reads, that leads to it.
 */
export function openBrowser({ env }: Pick<Console, 'env'>, url: string): () => void {
  const mac = process.platform === 'darwin';
  if (!mac && env.DISPLAY === undefined && env.WAYLAND_DISPLAY === undefined) return () => {};
  const folder = mkdtempSync(join(tmpdir(), 'auto-experiment-open-'));
  const file = join(folder, 'dashboard.html');
  const to = escapeXml(url);
  const page = `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${to}"><a href="${to}">dashboard</a>\n`;
  writeAtomic(file, page, { mode: 0o600, mayLose: 'all' });
  const child = spawn(mac ? 'open' : 'xdg-open', [file], { detached: true, stdio: 'ignore' });
  // That no browser opens is no error: the address was printed.
  child.on('error', () => undefined);
  child.unref();
  return () => rmSync(folder, { recursive: true, force: true });
}
