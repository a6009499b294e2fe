import { z } from 'zod';
import type { AnyTool } from '../../engine/tool.js';

/** `docs/tools.md`: the MCP tools, from their declarations. */
export function toolsPage(tools: readonly AnyTool[]): string {
  const lines = [
    '# MCP tools',
    '',
    'Served by `auto-experiment mcp`. `--role` narrows them to what a role is offered.',
  ];
  for (const tool of tools) {
    lines.push(
      '',
      `## ${tool.name}`,
      '',
      tool.description,
      '',
      `Effect: ${tool.effect}. Offered to: ${tool.audience.join(', ')}.`,
    );
    const parameters = parametersOf(tool.input);
    if (parameters.length > 0)
      lines.push(
        '',
        '| argument | required | default | meaning |',
        '| --- | --- | --- | --- |',
        ...parameters,
      );
  }
  return `${lines.join('\n')}\n`;
}

function parametersOf(schema: z.ZodType): string[] {
  const { properties, required } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties ?? {}).map(([name, value]) => {
    const { default: fallback, description } = typeof value === 'object' ? value : {};
    const needed = required?.includes(name) === true ? 'yes' : '';
    return `| \`${name}\` | ${needed} | ${fallback === undefined ? '' : `\`${JSON.stringify(fallback)}\``} | ${(description ?? '').replaceAll('|', '\\|')} |`;
  });
}
