import type { RunRecord } from '../../core/run-record.js';
import type { Project } from '../../store/project.js';
import { diffSnapshots } from '../../store/restore.js';

const MAX_CHARS = 12_000;

/** What changed in the code between two runs, as a bounded unified diff; empty when nothing, null when a code was not kept. */
export async function codeDifference(
  project: Project,
  from: RunRecord,
  to: RunRecord,
): Promise<string | null> {
  if (from.code === null || to.code === null) return null;
  if (from.code.tree === to.code.tree) return '';
  const { root, workspace } = project.paths;
  const { text, changed, truncated } = await diffSnapshots({
    project: root,
    workspace,
    a: from.code,
    b: to.code,
    maxChars: MAX_CHARS,
  });
  return truncated ? `${text}\n… cut; ${changed} files differ in all\n` : text;
}
