import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Config } from '../../mcp-server/src/core/config.js';
import { VerdictStatus } from '../../mcp-server/src/core/run.js';
import { COMMANDS } from '../../mcp-server/src/faces/cli/gen.js';
import { splitFrontMatter } from '../../mcp-server/src/store/front-matter.js';
import { readAgent } from '../../mcp-server/src/store/recipes.js';
import { TOOLS } from '../../mcp-server/src/tools/index.js';

// What is shipped for hosts says only what is true of the program, in the form that the hosts read.

const SKILLS = readdirSync('skills');
const AGENTS = readdirSync('agents').map((name) => name.replace(/\.md$/, ''));
const NAMES = TOOLS.map(({ name }) => name);
const skill = (name: string): string => readFileSync(join('skills', name, 'SKILL.md'), 'utf8');

/** Words in backticks that have the form of a tool's name and are no tool, argument or key of the config. */
function unknownTools(text: string): string[] {
  const arguments_ = TOOLS.flatMap(({ input }) => Object.keys(('shape' in input ? input.shape : {}) ?? {}));
  const quoted = [...text.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map(([, word]) => word ?? '');
  const known = [...NAMES, ...arguments_, ...Object.keys(Config.shape.experiment.unwrap().shape)];
  return quoted.filter((word) => !known.includes(word));
}

describe.each(SKILLS)('skill %s', (name) => {
  const { data, content } = splitFrontMatter(skill(name), name);

  it('has the fields of the Agent Skills format and no other', () => {
    const known = ['name', 'description', 'license', 'compatibility', 'metadata', 'allowed-tools'];
    expect(Object.keys(data).filter((key) => !known.includes(key))).toEqual([]);
    expect(data.name).toBe(name);
    expect(String(data.description).length).toBeGreaterThan(80);
    expect(String(data.description).length).toBeLessThanOrEqual(1024);
    expect(String(data.compatibility).length).toBeLessThanOrEqual(500);
  });

  it('is short, takes the words of the person, and says what it is without them', () => {
    expect(content.split('\n').length).toBeLessThan(200);
    expect(content.match(/\$ARGUMENTS/g)).toHaveLength(1);
    expect(content).toMatch(/dollar sign/);
    // Only Claude Code would run or fill these in.
    expect(content).not.toMatch(/!`|\$\{CLAUDE|\$[0-9]/);
  });

  it('quotes tools, commands and verdicts that there are', () => {
    expect(unknownTools(content)).toEqual([]);
    for (const [, command] of content.matchAll(/`auto-experiment ([a-z]+)/g))
      expect(COMMANDS.map((known) => known.name)).toContain(command);
    expect(NAMES.some((tool) => content.includes(`\`${tool}\``))).toBe(true);
  });

  it('has a card for Codex', () => {
    const card = parse(readFileSync(join('skills', name, 'agents/openai.yaml'), 'utf8'));
    expect(card.interface.short_description.length).toBeGreaterThanOrEqual(25);
    expect(card.interface.short_description.length).toBeLessThanOrEqual(64);
    expect(card.interface.default_prompt).toContain(`$${name}`);
  });
});

it('the campaign skill explains every verdict that the program gives, and when to stop', () => {
  const text = skill('auto-experiment');
  for (const verdict of VerdictStatus.options) expect(text).toContain(`| \`${verdict}\` |`);
  expect(text).toContain('## When to stop');
  expect(text).not.toMatch(/never stop/i);
});

describe.each(AGENTS)('agent %s', (name) => {
  it('names each tool as an installation and as a plugin have it', () => {
    const path = join('agents', `${name}.md`);
    const words = String(splitFrontMatter(readFileSync(path, 'utf8'), path).data.tools).split(', ');
    const tools = readAgent('.', name)?.tools ?? [];
    expect(words).toEqual(
      ['mcp__autoexp__', 'mcp__plugin_auto-experiment_autoexp__'].flatMap((server) =>
        tools.map((tool) => `${server}${tool}`),
      ),
    );
  });

  const agent = readAgent('.', name);
  const role = name.replace(/-agent$/, '');

  it('is offered exactly the tools of its role, and quotes no other', () => {
    expect(agent).toMatchObject({ name, description: expect.stringMatching(/^.{80,500}$/) });
    const offered = TOOLS.filter(({ audience }) => audience.some((known) => known === role));
    expect([...(agent?.tools ?? [])].sort()).toEqual(offered.map((tool) => tool.name).sort());
    expect(agent?.tools.length).toBeLessThanOrEqual(5);
    expect(unknownTools(agent?.text ?? '')).toEqual([]);
    const quoted = NAMES.filter((tool) => agent?.text.includes(`\`${tool}\``));
    expect(quoted.filter((tool) => !agent?.tools.includes(tool))).toEqual([]);
  });
});
