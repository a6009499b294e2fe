import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { LabError } from '../../core/errors.js';

/**
 * Refuses a command whose program is not there or cannot be executed, before anything is written.
 * Throws LabError that names the nearest remedy.
 */
export function assertProgram(argv: readonly string[], cwd: string, env: Record<string, string>): void {
  const program = argv[0] ?? '';
  if (program.startsWith('-') || program.includes('=')) {
    throw new LabError(
      `"${program}" is not a program`,
      'a command starts with a program; set variables under experiment.env',
    );
  }
  const found = placesOf(program, cwd, env);
  if (found.length === 0) throw new LabError(`there is no program "${program}"`, hintFor(program));
  if (!found.some(executable)) {
    throw new LabError(
      `${found[0]} is not executable`,
      `make it so with chmod +x, or start it through its interpreter, for instance: python3 ${program}`,
    );
  }
}

/** The file that a program's name stands for; null when there is none that may be executed. */
export function findProgram(program: string, cwd: string, env: Record<string, string>): string | null {
  return placesOf(program, cwd, env).find(executable) ?? null;
}

function placesOf(program: string, cwd: string, env: Record<string, string>): string[] {
  const places = program.includes('/')
    ? [isAbsolute(program) ? program : resolve(cwd, program)]
    : (env.PATH ?? '').split(delimiter).map((folder) => join(folder === '' ? '.' : folder, program));
  return places.filter((place) => statSync(place, { throwIfNoEntry: false })?.isFile() === true);
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Only the answer matters: there is no right to execute it.
    return false;
  }
}

function hintFor(program: string): string {
  if (/^python[\d.]*$/.test(program)) {
    return 'install Python 3 (Debian/Ubuntu: apt install python3), or activate the environment that has it before starting auto-experiment';
  }
  return program.includes('/')
    ? 'paths count from the project folder; check the spelling'
    : 'install it, or put its folder on PATH before starting auto-experiment';
}
