import { join } from 'node:path';
import { LabError } from '../../core/errors.js';
import { readLedger } from '../../store/ledger.js';
import {
  appendNote,
  localPlace,
  type NotePlace,
  noteName,
  notePlace,
  readNote,
  readNotesState,
  writeNotesState,
  writeOwnNote,
} from '../../store/note-files.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';
import { dailyEntries, dashboardNote, dayOf } from './note-words.js';
import { buildOverview, type OverviewLab } from './overview.js';

/** Entries of longer ago are not put into daily notes that were begun later. */
const DAYS = 7;

/** What was written, and what a person should know of it. */
export interface NotesWritten {
  /** Absolute path of the note that is written anew. */
  dashboard: string;
  /** Daily notes that were appended to. */
  daily: string[];
  entries: number;
  /** Why it is not where it was wanted: the vault is not there, a note of the person's has that name. */
  problem: string | null;
}

/**
 * Brings the notes up to the ledger: the dashboard note is written anew, the daily notes get the lines that they do not
 * have yet, each once. Where the vault is not there the notes are kept below the workspace, and the vault gets its lines
 * when it is there again. Safe to be repeated after a kill at any instant. `asked`: by a person, who wants the daily note
 * whatever the config says. Throws LabError.
 */
export async function writeNotes(
  lab: OverviewLab & Pick<Lab, 'env'>,
  project: Project,
  { asked }: { asked: boolean },
): Promise<NotesWritten> {
  const { obsidian } = project.config;
  const { place, problem: missing } = placeNow(lab, project);
  const overview = await buildOverview(lab, project);
  const now = lab.clock();
  const wanted = noteName(place, obsidian.dashboard_note);
  const stem = obsidian.dashboard_note.replace(/\.md$/, '');
  const others = [`${stem} (auto-experiment).md`, `${stem} (auto-experiment ${place.id}).md`];
  const note = writeOwnNote(
    place,
    [wanted, ...others.map((name) => noteName(place, name))],
    dashboardNote(overview, new Date(now)),
  );
  const dashboard = join(place.root, note);
  const taken =
    note === wanted ? null : `a note of yours is ${join(place.root, wanted)}: ours is ${dashboard}`;
  const append = asked || obsidian.auto_append_daily;
  const { daily, entries } = append ? appendDaily(project, place, now) : { daily: [], entries: 0 };
  const problem = missing ?? taken;
  writeNotesState(project.paths.notesState, {
    ...readNotesState(project.paths.notesState),
    dashboard,
    problem,
  });
  return { dashboard, daily, entries, problem };
}

/** The vault, or the folder that stands in for it and why. */
function placeNow(lab: Pick<Lab, 'env'>, project: Project): { place: NotePlace; problem: string | null } {
  try {
    return {
      place: project.config.obsidian.enabled ? notePlace(project, lab.env) : localPlace(project),
      problem: null,
    };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { place: localPlace(project), problem: `${error.message}; ${error.hint}` };
  }
}

function appendDaily(project: Project, place: NotePlace, now: number): { daily: string[]; entries: number } {
  const { paths, config } = project;
  const { records } = readLedger(paths.ledger);
  const key = join(place.root, place.folder);
  const state = readNotesState(paths.notesState);
  const applied = state.applied[key] ?? 0;
  const all = dailyEntries(records, place.id);
  // A shorter ledger is another one.
  const fresh = all.slice(applied <= all.length ? applied : 0).filter((entry) => entry !== null);
  const days = new Map<string, typeof fresh>();
  for (const entry of fresh) {
    if (entry.at.getTime() < now - DAYS * 86_400_000) continue;
    const day = dayOf(entry.at);
    days.set(day, [...(days.get(day) ?? []), entry]);
  }
  const daily: string[] = [];
  let entries = 0;
  for (const [day, list] of days) {
    const name = noteName(place, config.obsidian.daily_dir, `${day}.md`);
    const there = readNote(place, name) ?? '';
    const lines = list.filter((entry) => !there.includes(`${entry.key}\n`) && !there.endsWith(entry.key));
    if (lines.length === 0) continue;
    appendNote(place, name, `# ${project.name}, ${day}`, lines.map((entry) => entry.text).join('\n'));
    daily.push(join(place.root, name));
    entries += lines.length;
  }
  writeNotesState(paths.notesState, { ...state, applied: { ...state.applied, [key]: all.length } });
  return { daily, entries };
}
