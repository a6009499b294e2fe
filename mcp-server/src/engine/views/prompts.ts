import { LabError } from '../../core/errors.js';
import { clip } from '../../core/text.js';
import { type Recipe, readAgent, readSkills } from '../../store/recipes.js';
import type { Audience } from '../tool.js';

export interface Prompt {
  name: string;
  description: string;
  /** The words of the prompt, with what the person added. */
  text(request: string): string;
}

const AGENTS: Readonly<Record<Exclude<Audience, 'host'>, string>> = {
  leader: 'leader',
  idea: 'idea-agent',
  code: 'code-agent',
  writing: 'writing-agent',
};

/** What a host offers as prompts: the skills for a host, its own instructions for a role of the headless loop. */
export function promptsFor(packageRoot: string, role: Audience): Prompt[] {
  if (role === 'host') return readSkills(packageRoot).map(toPrompt);
  const agent = readAgent(packageRoot, AGENTS[role]);
  return agent === null ? [] : [toPrompt(agent)];
}

/** The instructions of a role of the headless loop. Throws LabError where its file is missing. */
export function instructionsOf(packageRoot: string, role: Exclude<Audience, 'host'>): string {
  const agent = readAgent(packageRoot, AGENTS[role]);
  if (agent !== null) return agent.text;
  throw new LabError(
    `agents/${AGENTS[role]}.md is missing from the installation in ${packageRoot}`,
    'install auto-experiment anew',
  );
}

function toPrompt(recipe: Recipe): Prompt {
  return {
    name: recipe.name,
    // A list of prompts needs one sentence; the whole description is for the choice among skills.
    description: clip(recipe.description.split(/(?<=[.:])\s/)[0] ?? '', 160),
    text: (request) =>
      recipe.text.includes('$ARGUMENTS')
        ? recipe.text.replaceAll('$ARGUMENTS', () => request || 'nothing in particular')
        : [recipe.text, ...(request === '' ? [] : [request])].join('\n\n'),
  };
}
