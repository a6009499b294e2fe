import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../core/errors.js';
import { readTextIfThere } from './files.js';
import { splitFrontMatter } from './front-matter.js';

/** A skill or an agent of ours: words for a model, kept in a Markdown file with front matter. */
export interface Recipe {
  name: string;
  description: string;
  /** Names of our tools, without a host's prefix; empty where the file names none one by one. */
  tools: string[];
  text: string;
}

/** `skills/<name>/SKILL.md` below a folder; none where there is no such folder. */
export function readSkills(packageRoot: string): Recipe[] {
  const folder = join(packageRoot, 'skills');
  return namesIn(folder).flatMap((name) => readRecipe(join(folder, name, 'SKILL.md')) ?? []);
}

/** `agents/<name>.md`; null where there is none. */
export function readAgent(packageRoot: string, name: string): Recipe | null {
  return readRecipe(join(packageRoot, 'agents', `${name}.md`));
}

function readRecipe(path: string): Recipe | null {
  const raw = readTextIfThere(path);
  if (raw === null) return null;
  const { data, content } = splitFrontMatter(raw, path);
  return {
    name: String(data.name ?? ''),
    description: String(data.description ?? '').trim(),
    tools: [
      ...new Set(
        String(data.tools ?? '')
          .split(/[,\s]+/)
          .filter((word) => word !== '')
          .map((word) => word.split('__').at(-1) ?? word),
      ),
    ],
    text: content.trim(),
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
