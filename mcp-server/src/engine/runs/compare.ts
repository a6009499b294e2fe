import { environmentDifferences } from '../../core/environment.js';
import type { RunRecord } from '../../core/run-record.js';
import type { Project } from '../../store/project.js';
import { diffSnapshots } from '../../store/restore.js';
import { readEnvironment } from './environment.js';

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

/** What differs in what two runs ran in, each in a few words; null when it was not written down for one of them. */
export function environmentDifference(project: Project, from: RunRecord, to: RunRecord): string[] | null {
  const [a, b] = [readEnvironment(project, from.id), readEnvironment(project, to.id)];
  return a === null || b === null ? null : environmentDifferences(a, b);
}
