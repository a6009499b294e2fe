import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from '../../core/place.js';
import type { Machine } from '../../core/ports.js';
import { clip, oneLine } from '../../core/text.js';
import { tempName } from '../../store/files.js';
import { ensureWorkspace, type Project } from '../../store/project.js';
import type { CodeFile } from './code-source.js';

const LIMIT_MS = 600_000;

/** As the connections of the program itself are opened, so that nobody is asked a question. */
const SSH = ['ssh', '-T', '-a', '-x', '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10'];

/**
 * Sends files with rsync, which sends only what differs. Where it is missing on either side, or the host greets, it does
 * nothing but tell why: whoever calls looks at what has come, and sends the rest in another way.
 */
export async function byRsync(
  lab: { machine: Pick<Machine, 'exec'> },
  project: Project,
  { host, workspace, args }: Place,
  files: readonly CodeFile[],
  notes: string[],
): Promise<void> {
  // A colon means something else to rsync, and its quoting has no word for a quote.
  if (host.includes(':') || args.some((word) => word.includes("'"))) return;
  ensureWorkspace(project.paths);
  const list = join(project.paths.workspace, tempName());
  const shell = [...SSH, ...args].map((word) => (/\s/.test(word) ? `'${word}'` : word)).join(' ');
  try {
    writeFileSync(list, files.map(({ path }) => `${path}\0`).join(''), { flag: 'wx' });
    const { code, stderr } = await lab.machine.exec(
      [
        'rsync',
        ...['-lptz', '--protect-args', '--no-implied-dirs', '--from0', `--files-from=${list}`],
        ...['-e', shell, '--', `${project.paths.root}/`, `${host}:${workspace}/`],
      ],
      { timeoutMs: LIMIT_MS, maxBytes: 64 * 1024 },
    );
    if (code === 0 || code === 127) return;
    const said = clip(oneLine(stderr.trim().split('\n')[0] ?? ''), 160);
    notes.push(`rsync could not be used (exit code ${code}: ${said}); the files went through the shell`);
  } finally {
    rmSync(list, { force: true });
  }
}
