import { LabError } from '../../core/errors.js';
import { viewMemory } from '../../core/memory-view.js';
import { oneLine } from '../../core/text.js';
import { appendLedger } from '../../store/ledger.js';
import { readMemory } from '../../store/memory.js';
import type { Project } from '../../store/project.js';
import { ensureWorkspace } from '../../store/project.js';
import { readRun } from '../../store/runs.js';
import type { Lab } from '../lab.js';
import { projectMemory } from '../loop/reflect.js';

/** Both tiers: what the person wants, and what is known. Bounded by the config whatever happened. */
export function recall(project: Project): { brief: string; memory: string; notes: string[] } {
  const { text, note } = viewMemory(readMemory(project.paths.memory), project.config.memory.log_max_chars);
  return { brief: project.brief.text, memory: text, notes: [...project.warnings, ...(note === null ? [] : [note])] };
}

/** Writes one line into the ledger and the memory. Throws LabError for an empty text or an unknown run. */
export function remember(
  lab: Pick<Lab, 'clock'>,
  project: Project,
  entry: { kind: 'result' | 'decision'; text: string; run: string | null },
): { memory: string } {
  const text = oneLine(entry.text).trim();
  if (text === '') throw new LabError('there is nothing to remember: the text is empty', 'write one line');
  if (entry.run !== null) readRun(project.paths.runs, entry.run);
  ensureWorkspace(project.paths);
  appendLedger(project.paths.ledger, { kind: entry.kind, at: new Date(lab.clock()).toISOString(), run: entry.run, text });
  projectMemory(project);
  return { memory: recall(project).memory };
}
