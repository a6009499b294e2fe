import { headWithin } from '../../core/bounded.js';
import { readTextIfThere } from '../../store/files.js';
import { recall } from '../agent/memory.js';
import type { Lab } from '../lab.js';

export interface Resource {
  uri: string;
  name: string;
  description: string;
  mimeType: string;
}

/** Characters of JSON of one resource. */
const MAX_JSON = 8000;

/** What a host may attach to a conversation. */
export const RESOURCES: readonly Resource[] = [
  {
    uri: 'auto-experiment://brief',
    name: 'brief',
    description: 'What the person wants (PROJECT_BRIEF.md)',
    mimeType: 'text/markdown',
  },
  {
    uri: 'auto-experiment://memory',
    name: 'memory',
    description: 'Key results and recent decisions (MEMORY_LOG.md)',
    mimeType: 'text/markdown',
  },
  {
    uri: 'auto-experiment://report',
    name: 'report',
    description: 'The latest report',
    mimeType: 'text/markdown',
  },
];

/** The text of a resource; null when there is no such resource. */
export async function readResource(
  lab: Pick<Lab, 'open'>,
  uri: string,
): Promise<{ mimeType: string; text: string } | null> {
  const known = RESOURCES.find((resource) => resource.uri === uri);
  if (known === undefined) return null;
  const project = lab.open();
  const { brief, memory } = recall(project);
  const report = (): string =>
    readTextIfThere(`${project.paths.reports}/report.md`) ?? 'No report was written yet.';
  const text = known.name === 'brief' ? brief : known.name === 'memory' ? memory : report();
  return {
    mimeType: known.mimeType,
    text: headWithin(text, MAX_JSON, `\n… cut; all of it is in ${project.paths.root}`),
  };
}
