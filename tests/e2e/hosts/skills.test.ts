import { afterEach, expect, it } from 'vitest';
import { readAgent } from '../../../mcp-server/src/store/recipes.js';
import {
  answerIn,
  call,
  describeHosts,
  type Home,
  type HostName,
  makeHome,
  startHost,
} from '../../support/hosts.js';
import { makeProject, type TestProject } from '../../support/project.js';
import { type ScriptedModel, startModel, type Turn } from '../../support/scripted-model.js';

// The small skills and the agents, as the real hosts offer them.

let project: TestProject;
let home: Home;
let model: ScriptedModel;
afterEach(async () => {
  await model.close();
  await project.end();
  home.remove();
});

async function say(host: HostName, prompt: string, script: readonly Turn[]): Promise<string> {
  project = makeProject({
    'PROJECT_BRIEF.md': '---\nmetric: acc\ndirection: maximize\n---\n# Goal\nBetter.\n',
  });
  model = await startModel(script);
  home = makeHome(model.url, project.root);
  const { code, stdout, stderr } = await startHost(host, home, project.root, prompt).done;
  expect(model.errors, stderr).toEqual([]);
  expect(code, stderr).toBe(0);
  expect(model.left()).toBe(0);
  return stdout;
}

const small: Record<string, (data: object) => void> = {
  'gpu-status': (data) => expect(data).toMatchObject({ gpus: expect.any(Array) }),
  'experiment-status': (data) => expect(data).toMatchObject({ status: { total_runs: 0 } }),
};

describeHosts('skills in the hosts', () => {
  it.each([
    ['claude', '/gpu-status'],
    ['claude', '/experiment-status'],
    ['codex', '$gpu-status'],
    ['codex', '$experiment-status'],
  ] as const)('%s: %s', async (host, prompt) => {
    const name = prompt.slice(1);
    const tool = name.replace('-', '_');
    const told = await say(host, prompt, [
      (request) => {
        // The recipe is in front of the model, not only its description.
        expect(JSON.stringify(request.body).includes(`Call \`${tool}\` of the MCP server`)).toBe(true);
        return call(host, tool);
      },
      (request) => {
        small[name]?.(answerIn(request));
        return [{ text: 'This is how it stands.' }];
      },
    ]);
    expect(told).toContain('This is how it stands.');
  });

  it('claude offers each agent the tools of its role and no other', async () => {
    const offered: string[][] = [];
    const agents = ['leader', 'idea-agent', 'code-agent', 'writing-agent'];
    const script = agents.flatMap((name): Turn[] => [
      () => [
        {
          tool: 'Task',
          input: { description: name, prompt: 'Begin.', subagent_type: name, run_in_background: false },
        },
      ],
      (request) => {
        offered.push(request.body.tools.map((tool: { name: string }) => tool.name));
        return [{ text: 'Done.' }];
      },
    ]);
    await say('claude', 'Ask the agents.', [...script, [{ text: 'All asked.' }]]);
    expect(offered).toHaveLength(4);
    for (const [index, name] of agents.entries()) {
      const own = readAgent('.', name)?.tools.map((tool) => `mcp__autoexp__${tool}`) ?? [];
      // The placeholder is the host's own: more tools could be loaded, and for an agent there are none.
      const given = offered[index]?.filter((tool) => tool !== 'DeferredToolPlaceholder').sort();
      expect(given, name).toEqual(own.sort());
    }
  });
});
