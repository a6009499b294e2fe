import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cycleWait } from '../../mcp-server/src/core/cycle-pace.js';
import { openProject } from '../../mcp-server/src/store/project.js';
import { makeProject, type TestProject } from '../support/project.js';

/** Every section of the Python original's config, with values of its kinds. */
const CONFIG = `
project: {name: "my-study", brief: "PROJECT_BRIEF.md", workspace: "./workspace"}
execution: {mode: "local", ssh_host: "", remote_workspace: "", remote_python: "python3", ssh_args: []}
agent: {provider: "anthropic", model: "claude-sonnet-4-6", base_url: "", api_key_env: "", auth_token_env: "",
  max_cycles: -1, max_steps_per_cycle: 3, cooldown_interval: 300, no_progress_fallback_threshold: 3, max_cycles_per_hour: 6}
ledger: {enabled: true, recent_in_context: 5, metric_key: "fgd", metric_direction: "lower_better"}
stagnation: {enabled: true, threshold_cycles: 3, min_delta: 0.0}
journal: {enabled: true, max_chars: 4000, tail_in_context: 1500}
safety: {enabled: false, fail_threshold: 3, stale_state_hours: 6}
gates: {enabled: false, threshold: 0.0, direction: "higher_better"}
memory: {brief_max_chars: 3000, log_max_chars: 2000, milestone_max_chars: 1200, max_recent_entries: 15}
gpu: {auto_detect: true, reserve_last: true}
monitor: {poll_interval: 900, zero_llm: true, notify_on_complete: true}
experiment: {mandatory_dry_run: true, max_parallel: 1, log_tail_lines: 50}
`;

let project: TestProject;
beforeEach(() => {
  project = makeProject({ 'PROJECT_BRIEF.md': '# Goal\nLower the FGD.\n', 'config.yaml': CONFIG });
});
afterEach(() => project.end());

const write = (name: string, text: string): void => writeFileSync(join(project.root, name), text);

describe('a project of the Python original', () => {
  it('opens unchanged: blanks are absent, its metric is ours, and what has no switch here is said', () => {
    const { name, config, warnings } = openProject(project.root);
    expect(name).toBe('my-study');
    expect(config.execution).toMatchObject({ mode: 'local', remote_python: 'python3' });
    expect(config.execution.ssh_host).toBeUndefined();
    expect(config.agent).toMatchObject({ model: 'claude-sonnet-4-6', max_cycles_per_hour: 6 });
    expect(config.agent.base_url).toBeUndefined();
    expect(config.experiment).toMatchObject({ metric: 'fgd', direction: 'minimize' });
    expect(config.gpu.reserve_last).toBe(true);
    expect(warnings).toEqual([
      expect.stringMatching(/^config.yaml: ledger:, stagnation:, journal: of the Python/),
    ]);
  });

  it('what the brief says of the metric wins, and a mistyped key is still refused', () => {
    write('PROJECT_BRIEF.md', '---\nmetric: acc\ndirection: maximize\n---\nBetter.\n');
    expect(openProject(project.root).config.experiment).toMatchObject({
      metric: 'acc',
      direction: 'maximize',
    });
    write('config.yaml', 'legder: {enabled: true}\n');
    expect(() => openProject(project.root)).toThrow('unknown key "legder"');
  });
});

describe('cycles per hour', () => {
  const at = (minute: number): string => new Date(minute * 60_000).toISOString();
  it('waits until the oldest of the last so many is an hour old', () => {
    expect(cycleWait([at(0), at(10)], 2, 15 * 60_000)).toBe(45 * 60_000);
    expect(cycleWait([at(0), at(10)], 2, 60 * 60_000)).toBe(0);
    expect(cycleWait([at(0), at(10)], 3, 15 * 60_000)).toBe(0);
    expect(cycleWait([at(0), at(10)], 0, 0)).toBe(0);
    // Set back by a day.
    expect(cycleWait([at(2000), at(2010)], 2, 0)).toBe(3_600_000);
  });
});
