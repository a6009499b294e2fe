import { headWithin } from '../../core/bounded.js';
import { LabError } from '../../core/errors.js';
import { viewMemory } from '../../core/memory-view.js';
import { clip, oneLine } from '../../core/text.js';
import { takeDirective } from '../../store/directive.js';
import { appendLedger, readCampaign } from '../../store/ledger.js';
import { readMemory } from '../../store/memory.js';
import type { Project } from '../../store/project.js';
import { ensureWorkspace } from '../../store/project.js';
import { readRun } from '../../store/runs.js';
import type { Lab } from '../lab.js';
import { finishOrder } from '../loop/directives.js';
import { projectMemory } from '../loop/reflect.js';

/** Characters of JSON of each tier in one answer. */
const BRIEF_JSON = 4400;
const MEMORY_JSON = 3200;

/** Both tiers: what the person wants, and what is known. Bounded by the config whatever happened. */
export function recall(project: Project): { brief: string; memory: string; notes: string[] } {
  const { text, note } = viewMemory(readMemory(project.paths.memory), project.config.memory.log_max_chars);
  return {
    brief: project.brief.text,
    memory: text,
    notes: [...project.warnings, ...(note === null ? [] : [note])],
  };
}

/** As `recall`, cut to the size of one answer where the config allows more than that. */
export function recallForAgent(project: Project): { brief: string; memory: string; notes: string[] } {
  const all = recall(project);
  const brief = headWithin(all.brief, BRIEF_JSON);
  const memory = headWithin(all.memory, MEMORY_JSON);
  const cut = [
    ...(brief === all.brief ? [] : [project.paths.brief]),
    ...(memory === all.memory ? [] : [project.paths.memory]),
  ];
  const notes = [
    ...cut.map((path) => `not all of ${path} fits here: read_file shows the rest`),
    ...all.notes,
  ];
  return { brief, memory, notes: notes.slice(0, 4).map((note) => clip(note, 240)) };
}

/**
 * Writes one line into the ledger and the memory; where `directive` names one by its first words, that one is done and
 * filed away. Throws LabError for an empty text, an unknown run, or a directive that is not waiting.
 */
export function remember(
  lab: Pick<Lab, 'clock'>,
  project: Project,
  entry: { kind: 'result' | 'decision'; text: string; run: string | null; directive: string | null },
): { memory: string } {
  const text = oneLine(entry.text).trim();
  if (text === '') throw new LabError('there is nothing to remember: the text is empty', 'write one line');
  if (entry.run !== null) readRun(project.paths.runs, entry.run);
  ensureWorkspace(project.paths);
  if (entry.directive !== null) finishNamed(lab, project, entry.directive, text);
  appendLedger(project.paths.ledger, {
    kind: entry.kind,
    at: new Date(lab.clock()).toISOString(),
    run: entry.run,
    text,
  });
  projectMemory(project, readCampaign(project.paths.ledger).campaign);
  return { memory: recallForAgent(project).memory };
}

/** Taking a directive hides nothing: it is shown until it is done. */
function finishNamed(lab: Pick<Lab, 'clock'>, project: Project, words: string, outcome: string): void {
  const start = oneLine(words).trim();
  const waiting = takeDirective(project.paths.workspace, lab.clock);
  const named = waiting.filter(({ text }) => oneLine(text).trim().startsWith(start));
  if (named.length === 0) {
    const texts = waiting.map(({ text }) => `"${clip(oneLine(text), 80)}"`);
    throw new LabError(
      `no directive that waits begins with "${clip(start, 60)}"`,
      texts.length === 0 ? 'none is waiting' : `waiting: ${texts.join(', ')}`,
    );
  }
  for (const directive of named) finishOrder(lab, project, directive, outcome);
}
