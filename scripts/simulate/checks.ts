import type { LedgerRecord } from '../../mcp-server/src/core/ledger.js';
import { parseMemory } from '../../mcp-server/src/core/memory.js';
import { countChars } from '../../mcp-server/src/core/text.js';
import { readLedger } from '../../mcp-server/src/store/ledger.js';
import { readMemory } from '../../mcp-server/src/store/memory.js';
import type { Project } from '../../mcp-server/src/store/project.js';

/** Words for every invariant that is broken; an empty list is what a campaign must give. */
export function broken(project: Project, directives: readonly string[]): string[] {
  const { records, warnings } = readLedger(project.paths.ledger);
  const found = [...warnings];
  const of = <K extends LedgerRecord['kind']>(kind: K): Extract<LedgerRecord, { kind: K }>[] =>
    records.filter((record): record is Extract<LedgerRecord, { kind: K }> => record.kind === kind);
  const twice = (what: string, keys: readonly string[]): void => {
    const seen = new Set<string>();
    for (const key of keys) {
      if (seen.has(key)) found.push(`${what} twice: ${key}`);
      seen.add(key);
    }
  };
  twice(
    'a plan',
    of('plan').map(({ id }) => id),
  );
  twice(
    'a launch of a plan',
    of('launch').map(({ plan, run }) => plan ?? run),
  );
  twice(
    'an end',
    of('end').map(({ run }) => run),
  );
  twice(
    'a verdict',
    of('verdict').map(({ run }) => run),
  );
  twice(
    'a decision',
    of('decision').map(({ run }) => run ?? ''),
  );
  twice(
    'a call',
    of('call').map(({ id }) => id),
  );
  twice(
    'a usage',
    of('usage').map(({ call }) => call),
  );
  twice('a memory line', memoryLines(project));
  const decided = new Set(of('decision').map(({ run }) => run));
  for (const { run } of of('verdict')) if (!decided.has(run)) found.push(`nobody reflected on ${run}`);
  const launched = new Set(of('launch').map(({ plan }) => plan));
  const dropped = new Set(of('drop').map(({ plan }) => plan));
  for (const { id } of of('plan'))
    if (launched.has(id) === dropped.has(id))
      found.push(`${id} was ${launched.has(id) ? 'launched and dropped' : 'forgotten'}`);
  const done = of('directive').filter(({ state }) => state === 'done');
  twice(
    'a directive',
    done.map(({ id }) => id),
  );
  const texts = done.map(({ text }) => text).join('\n\n');
  for (const text of directives) if (!texts.includes(text)) found.push(`a directive was lost: ${text}`);
  return found;
}

function memoryLines({ paths }: Project): string[] {
  const { lines } = parseMemory(readMemory(paths.memory));
  return lines.flatMap((line) =>
    line.kind === 'entry' ? [`${line.section} ${line.raw.replace(/^\[[^\]]*\] /, '')}`] : [],
  );
}

/** Characters of MEMORY_LOG.md, as a person counts them. */
export const memorySize = ({ paths }: Project): number => countChars(readMemory(paths.memory));
