import { z } from 'zod';
import { Config, LATER } from '../../core/config.js';

/** `docs/config.md`: every key of config.yaml, from the schema itself. */
export function configPage(): string {
  const lines = [
    '# config.yaml',
    '',
    'Every key is optional. An unknown key is an error that names the nearest known one. Durations are seconds or text such as `90s`, `20m`, `1h30m`, `2d`.',
    'The brief’s front matter may set `metric`, `direction`, `metric_mode`, `target` and `budgets`; it wins over this file.',
  ];
  lines.push(
    '',
    'The config of the Python original (auto-deep-researcher-24x7) is read as it is. `ledger.metric_key` and `metric_direction` name the primary metric. Its',
    'other settings under `ledger`, `stagnation`, `journal`, `safety` and `gates` are not needed: runs, insights and dead ends are kept in',
    '`workspace/ledger.jsonl` always, a plateau is seen from the verdicts, the supervisor watches, and `experiment.target` is the gate.',
  );
  const schema = z.toJSONSchema(Config, { io: 'input', unrepresentable: 'any' });
  for (const [section, body] of Object.entries(properties(schema))) {
    lines.push('', `## ${section}`, '', '| key | default | meaning |', '| --- | --- | --- |');
    for (const [key, value] of Object.entries(properties(body))) lines.push(row(key, value));
  }
  return `${lines.join('\n')}\n`;
}

function row(key: string, schema: unknown): string {
  const { default: fallback, description } = fields(schema);
  const shown = fallback === undefined ? '–' : `\`${JSON.stringify(fallback)}\``;
  return `| \`${key}\` | ${shown} | ${cellText(typeof description === 'string' ? description : LATER)} |`;
}

const cellText = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function properties(schema: unknown): Record<string, unknown> {
  const { properties: found, anyOf } = fields(schema);
  if (typeof found === 'object' && found !== null) return { ...found };
  return Array.isArray(anyOf) ? Object.assign({}, ...anyOf.map(properties)) : {};
}

function fields(schema: unknown): Record<string, unknown> {
  return typeof schema === 'object' && schema !== null ? { ...schema } : {};
}
