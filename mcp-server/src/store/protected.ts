import { lstatSync } from 'node:fs';
import { join, relative } from 'node:path';
import { errorCode, LabError } from '../core/errors.js';
import { splitRelative } from './beneath.js';
import { atOnce, findLocked, lockedMatcher } from './locked.js';
import type { ProjectPaths } from './paths.js';

type Places = Pick<ProjectPaths, 'root' | 'brief' | 'config' | 'workspace'> & {
  /** Globs of what measures. */
  locked?: readonly string[];
};

const LOCKED =
  'it is part of what measures the runs (locked), and stays as the baseline was measured with it';

const RECORD = 'the program alone keeps its records';

/** Names in the workspace that agents must not write, in folded form, and why. A folder stands for all that is in it. */
const IN_WORKSPACE: Readonly<Record<string, string>> = {
  'memory_log.md': 'memory is written with the tool log_memory',
  'human_directive.md': 'only a person gives directives',
  directive_archive: 'only a person gives directives',
  'ledger.jsonl': RECORD,
  'state.json': RECORD,
  '.cycle_counter': RECORD,
  runs: 'run records and logs are written by the runs alone; they may be read',
  snapshots: RECORD,
  leases: RECORD,
  'supervisor.json': RECORD,
  'service.log': RECORD,
  'supervisor.log': RECORD,
  'controller.json': RECORD,
  receipts: RECORD,
  'stop-hook.json': RECORD,
};

/**
 * Why an agent must not write this path (relative to the project folder), or null. Names are protected whether or not
 * they exist, in whatever form a file system may take for the same: capitals, `./`, `//`, trailing dots, invisible
 * characters, look-alikes under NFKC. A file that exists is also known by its inode.
 */
export function protectedReason(path: string, places: Places): string | null {
  let parts: string[];
  try {
    parts = splitRelative(path).flatMap(fold);
  } catch (error) {
    if (error instanceof LabError) return error.message;
    throw error;
  }
  if (parts.some((part) => part === '.' || part === '..')) return 'it climbs with ".."';
  if (parts.some((part) => part === '.git' || part.startsWith('git~')))
    return 'the repository’s own files stay as they are';
  if (parts.some((part) => part.startsWith('.ae-tmp-'))) return RECORD;
  const rules = rulesOf(places);
  const byName = rules.find((rule) => startsWith(parts, rule.parts));
  if (byName !== undefined) return byName.why;
  if (rules.some((rule) => startsWith(rule.parts, parts))) return 'it is a folder that holds protected files';
  return (
    inWorkspaceLock(parts, places) ??
    byInode(splitRelative(path), rules, places.root) ??
    (isLocked(parts, path, places) ? LOCKED : null)
  );
}

interface Rule {
  parts: string[];
  real: string;
  why: string;
}

function rulesOf(places: Places): Rule[] {
  const rule = (real: string, why: string): Rule => ({ parts: foldedParts(places.root, real), real, why });
  return [
    rule(places.brief, 'the brief is the person’s'),
    rule(places.config, 'the config is the person’s'),
    ...Object.entries(IN_WORKSPACE).map(([name, why]) => rule(join(places.workspace, name), why)),
    // On a file system that tells capitals apart, the name as the program writes it is another one.
    rule(join(places.workspace, 'MEMORY_LOG.md'), IN_WORKSPACE['memory_log.md'] ?? RECORD),
    rule(join(places.workspace, 'HUMAN_DIRECTIVE.md'), IN_WORKSPACE['human_directive.md'] ?? RECORD),
    rule(join(places.root, '.git'), 'the repository’s own files stay as they are'),
    // On a host that runs go to: their records and the copies of their code.
    rule(join(places.root, '.auto-experiment'), RECORD),
  ];
}

function inWorkspaceLock(parts: readonly string[], places: Places): string | null {
  const workspace = foldedParts(places.root, places.workspace);
  const below = startsWith(parts, workspace) ? parts.slice(workspace.length) : [];
  return below.length === 1 && /\.lock$|^\.lock|\.pid$/.test(below[0] ?? '') ? RECORD : null;
}

/** A name that a locked glob means, in its folded form, or a file that a locked name leads to. */
function isLocked(parts: readonly string[], path: string, places: Places): boolean {
  const globs = places.locked ?? [];
  if (globs.length === 0) return false;
  if (lockedMatcher(globs.map(foldText))(parts.join('/'))) return true;
  const id = inode(join(places.root, path));
  const found = () => atOnce(findLocked({ ...places, globs }));
  return id !== null && found().some(({ stat }) => stat !== null && `${stat.dev}:${stat.ino}` === id);
}

/** Another name of a protected thing, for instance through a bind mount. Links are refused where files are opened. */
function byInode(parts: readonly string[], rules: readonly Rule[], root: string): string | null {
  const guarded = new Map<string, string>();
  for (const { real, why } of rules) {
    const id = inode(real);
    if (id !== null) guarded.set(id, why);
  }
  let at = root;
  for (const part of parts) {
    at = join(at, part);
    const why = guarded.get(inode(at) ?? '');
    if (why !== undefined) return why;
  }
  return null;
}

function inode(path: string): string | null {
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
  } catch (error) {
    // Whatever cannot be looked at (a name too long, a file in place of a folder) has no inode to compare.
    if (errorCode(error) === undefined) throw error;
    return null;
  }
}

function foldedParts(root: string, path: string): string[] {
  return relative(root, path)
    .split(/[\\/]/)
    .filter((part) => part !== '')
    .flatMap(fold);
}

/** One form for all names that some file system takes for the same. A look-alike of the slash makes two of it. */
function fold(part: string): string[] {
  return foldText(part)
    .split('/')
    .map((piece) => (/^[. ]*$/.test(piece) ? piece.trim() : piece.replace(/[. ]+$/, '')))
    .filter((piece) => piece !== '');
}

const foldText = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}|\p{Cc}/gu, '')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC');

function startsWith(parts: readonly string[], head: readonly string[]): boolean {
  return head.length > 0 && head.every((part, index) => parts[index] === part);
}
