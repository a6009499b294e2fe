import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parse as parseJsonc } from 'jsonc-parser';
import { parse as parseToml } from 'smol-toml';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addProgram, commitClone, type Machine, makeMachine, snapshot } from '../support/home.js';
import { type Json, MAIN, runProcess } from '../support/project.js';

// The installer as people meet it: install.sh and `auto-experiment install`, on a home of their own.

let machine: Machine;
beforeEach(async () => {
  machine = await makeMachine();
});
afterEach(() => machine.end());

const both = ['--host', 'claude,codex'];
const json = (text: string): Json => parseJsonc(text);
const toml = (text: string): Json => parseToml(text);
const done = { code: 0, stderr: '' };

const SETTINGS = `// mine
{
\t"env": { "FOO": "1" }, // keep
\t/* all of it */
\t"hooks": { "SessionStart": [ { "hooks": [ { "type": "command", "command": "date" } ] } ] },
\t"model": "opus",
}
`;
const CLAUDE_JSON =
  '{"numStartups":12345678901234567890,"mcpServers":{"other":{"command":"x"}},"projects":{"/a":{"b":[1,2]}}}';
const CONFIG = `# my settings\r\nmodel = "m" # the best\r\n\r\n[mcp_servers.other]\r\ncommand = "x"\r\nargs = [ # not a table:\r\n  "[mcp_servers.autoexp]",\r\n]\r\nnote = """\r\n[mcp_servers.autoexp]\r\n"""\r\n\r\n# trust\r\n[projects."/a"]\r\ntrust_level = "trusted"`;
const HOME_FILES = {
  '.claude/settings.json': SETTINGS,
  '.claude.json': CLAUDE_JSON,
  '.codex/config.toml': CONFIG,
  '.claude/skills/mine/SKILL.md': 'mine\n',
  '.local/bin/other': 'other\n',
};

describe('install and uninstall', () => {
  it('on a fresh home writes what both hosts need, and takes it out without a trace', async () => {
    const before = machine.snapshot();
    expect(await machine.install(...both)).toMatchObject(done);
    const program = join(machine.clone, 'mcp-server/plugin/server.cjs');
    const server = json(machine.read('.claude.json')).mcpServers.autoexp;
    expect(server).toEqual({
      type: 'stdio',
      command: process.execPath,
      args: [program, 'mcp'],
      alwaysLoad: true,
      timeout: 90_000_000,
    });
    expect(json(machine.read('.claude/settings.json'))).toMatchObject({
      env: { CLAUDE_CODE_MCP_AUTO_BACKGROUND_MS: '0' },
      hooks: { SessionStart: [{ matcher: 'startup|resume|compact' }] },
    });
    const codex = toml(machine.read('.codex/config.toml')).mcp_servers.autoexp;
    expect(codex).toMatchObject({
      command: process.execPath,
      args: [program, 'mcp'],
      tool_timeout_sec: 604_800,
      startup_timeout_sec: 30,
      required: true,
      default_tools_approval_mode: 'auto',
    });
    expect(codex.env_vars).toEqual(
      expect.arrayContaining([
        'CUDA_VISIBLE_DEVICES',
        'CONDA_PREFIX',
        'VIRTUAL_ENV',
        'HF_HOME',
        'WANDB_API_KEY',
      ]),
    );
    for (const root of ['.claude/skills', '.agents/skills'])
      for (const name of [
        'auto-experiment/SKILL.md',
        'auto-experiment/agents/openai.yaml',
        'gpu-status/SKILL.md',
      ])
        expect(machine.read(join(root, name))).toBe(
          readFileSync(join(machine.clone, 'skills', name), 'utf8'),
        );
    expect(machine.read('.claude/agents/leader.md')).toContain('name: leader');
    const command = join(machine.home, '.local/bin/auto-experiment');
    const { version } = json(readFileSync('package.json', 'utf8'));
    expect(await runProcess([command, '--version'], { cwd: '/', env: machine.env })).toEqual({
      ...done,
      stdout: `${version}\n`,
    });
    // Hooks are run by a shell.
    for (const name of ['.claude/settings.json', '.codex/hooks.json']) {
      const hook = json(machine.read(name)).hooks.SessionStart[0].hooks[0];
      expect(hook).toMatchObject({ type: 'command', timeout: 10 });
      expect(await runProcess(['sh', '-c', hook.command], { cwd: '/', env: machine.env })).toMatchObject({
        stdout: `${version}\n`,
      });
    }
    expect(await machine.install('--uninstall')).toMatchObject(done);
    expect(machine.snapshot()).toEqual(before);
    expect(await machine.install('--uninstall')).toMatchObject({
      ...done,
      stdout: expect.stringContaining('nothing was installed'),
    });
  });

  it('keeps comments, order and line ends of existing settings, and gives them back byte by byte', async () => {
    machine.write(HOME_FILES);
    chmodSync(join(machine.home, '.claude.json'), 0o600);
    const before = machine.snapshot();
    expect(await machine.install()).toMatchObject(done);
    const settings = machine.read('.claude/settings.json');
    expect(linesIn(settings)).toEqual(
      expect.arrayContaining(linesIn(SETTINGS).filter((line) => !/"env"|"hooks"/.test(line))),
    );
    for (const comment of ['// mine', '// keep', '/* all of it */']) expect(settings).toContain(comment);
    expect(json(settings)).toMatchObject({
      env: { FOO: '1', CLAUDE_CODE_MCP_AUTO_BACKGROUND_MS: '0' },
      model: 'opus',
    });
    expect(json(settings).hooks.SessionStart).toHaveLength(2);
    expect(machine.read('.claude.json')).toContain('12345678901234567890');
    expect(Object.keys(json(machine.read('.claude.json')).mcpServers)).toEqual(['other', 'autoexp']);
    const config = machine.read('.codex/config.toml');
    expect(config.startsWith(CONFIG)).toBe(true);
    expect(config).not.toMatch(/[^\r]\n/);
    expect(Object.keys(toml(config).mcp_servers)).toEqual(['other', 'autoexp']);
    expect(lstatSync(join(machine.home, '.claude.json')).mode & 0o777).toBe(0o600);
    expect(await machine.install('--uninstall')).toMatchObject(done);
    expect(machine.snapshot()).toEqual(before);
  });

  it('twice in a row changes nothing, and the first state still comes back', async () => {
    machine.write(HOME_FILES);
    const before = machine.snapshot();
    await machine.install();
    const once = machine.snapshot();
    const again = await machine.install();
    expect(again).toMatchObject(done);
    expect(again.stdout).not.toMatch(/^(create|change|remove)/m);
    expect(machine.snapshot()).toEqual(once);
    await machine.install('--uninstall');
    expect(machine.snapshot()).toEqual(before);
  });

  it('takes out its own entries alone where hosts and people have written since', async () => {
    machine.write(HOME_FILES);
    await machine.install();
    const edit = (name: string, change: (text: string) => string): void =>
      machine.write({ [name]: change(machine.read(name)) });
    edit('.claude.json', (text) => JSON.stringify({ ...json(text), theme: 'dark' }, null, 2));
    edit('.claude/settings.json', (text) => text.replace('"opus"', '"sonnet"'));
    edit(
      '.codex/config.toml',
      (text) =>
        `top = 1\r\n${text}\r\n[mcp_servers.autoexp.tools.run_shell]\r\napproval_mode = "approve"\r\n\r\n# a new one\r\n[projects."/b"]\r\ntrust_level = "trusted"\r\n`,
    );
    const { stdout, ...ended } = await machine.install('--uninstall');
    expect(ended).toEqual(done);
    expect(stdout).toContain('the rest stays');
    expect(json(machine.read('.claude.json'))).toEqual({ ...json(CLAUDE_JSON), theme: 'dark' });
    expect(machine.read('.claude/settings.json')).toBe(SETTINGS.replace('"opus"', '"sonnet"'));
    expect(machine.read('.codex/config.toml')).toBe(
      `top = 1\r\n${CONFIG}\r\n\r\n# a new one\r\n[projects."/b"]\r\ntrust_level = "trusted"\r\n`,
    );
    expect(existsSync(join(machine.home, '.claude/skills/mine/SKILL.md'))).toBe(true);
    expect(existsSync(join(machine.home, '.local/state'))).toBe(false);
  });

  it('leaves a table of ours alone that holds what a host added to it', async () => {
    await machine.install(...both);
    const approval = '\n[mcp_servers.autoexp.tools.run_shell]\napproval_mode = "approve"\n';
    machine.write({ '.codex/config.toml': machine.read('.codex/config.toml') + approval });
    await machine.install(...both);
    expect(machine.read('.codex/config.toml')).toContain(approval);
    await machine.install('--uninstall');
    expect(machine.snapshot()).toEqual({});
  });

  it('for one host alone, and the other one stays', async () => {
    await machine.install('--host', 'codex');
    const codex = machine.snapshot();
    expect(Object.keys(codex).some((name) => name.startsWith('.claude'))).toBe(false);
    await machine.install('--host', 'claude');
    await machine.install('--uninstall', '--host', 'claude');
    const left = machine.snapshot();
    expect(Object.keys(left)).toEqual(Object.keys(codex));
    expect(left['.codex/config.toml']).toBe(codex['.codex/config.toml']);
    await machine.install('--uninstall');
    expect(machine.snapshot()).toEqual({});
  });

  it('finds the hosts by their programs or folders', async () => {
    addProgram(machine, 'claude', 'exit 1');
    expect((await machine.install('--dry-run', '--json')).stdout).toContain('"hosts": [\n    "claude"\n  ]');
    mkdirSync(join(machine.home, '.codex'));
    expect(JSON.parse((await machine.install('--dry-run', '--json')).stdout).hosts).toEqual([
      'claude',
      'codex',
    ]);
  });

  it('without a host installs the command and says how to register by hand', async () => {
    const { code, stdout } = await machine.install();
    expect(code).toBe(0);
    expect(stdout).toMatch(/claude mcp add-json autoexp '\{.*\}' -s user/);
    expect(stdout).toContain('[mcp_servers.autoexp]');
    expect(Object.keys(machine.snapshot()).filter((name) => /claude|codex|agents/.test(name))).toEqual([]);
    expect(existsSync(join(machine.home, '.local/bin/auto-experiment'))).toBe(true);
    await machine.install('--uninstall');
    expect(machine.snapshot()).toEqual({});
  });

  it('--keep-host-defaults leaves out what changes waiting, also when it was there', async () => {
    await machine.install(...both);
    await machine.install(...both, '--keep-host-defaults');
    expect(json(machine.read('.claude.json')).mcpServers.autoexp).not.toHaveProperty('timeout');
    expect(json(machine.read('.claude/settings.json'))).not.toHaveProperty('env');
    expect(toml(machine.read('.codex/config.toml')).mcp_servers.autoexp).not.toHaveProperty(
      'tool_timeout_sec',
    );
    expect((await machine.cli('doctor')).stdout).toMatch(/note {2}Claude Code .*model calls.*timeout/);
    await machine.install('--uninstall');
    expect(machine.snapshot()).toEqual({});
  });

  it('--project writes below the project alone', async () => {
    const project = join(machine.folder, 'my project');
    mkdirSync(project);
    writeFileSync(join(project, 'train.py'), 'pass\n');
    const [home, before] = [machine.snapshot(), snapshot(project)];
    expect(await machine.install(...both, '--project', project)).toMatchObject(done);
    expect(machine.snapshot()).toEqual(home);
    const after = Object.keys(snapshot(project));
    expect(after).toEqual(
      expect.arrayContaining([
        '.mcp.json',
        '.claude/settings.local.json',
        '.claude/skills/auto-experiment/SKILL.md',
        '.codex/config.toml',
        '.agents/skills/gpu-status/SKILL.md',
      ]),
    );
    expect(json(readFileSync(join(project, '.claude/settings.local.json'), 'utf8'))).toMatchObject({
      enabledMcpjsonServers: ['autoexp'],
    });
    expect(await machine.install('--uninstall', '--project', project)).toMatchObject(done);
    expect(snapshot(project)).toEqual(before);
  });

  it('--dry-run names every file that is then written, and writes none', async () => {
    machine.write(HOME_FILES);
    const before = machine.snapshot();
    const { stdout, code } = await machine.install('--dry-run');
    expect(code).toBe(0);
    expect(machine.snapshot()).toEqual(before);
    for (const key of [
      'mcpServers.autoexp',
      'env.CLAUDE_CODE_MCP_AUTO_BACKGROUND_MS',
      'hooks.SessionStart',
      '[mcp_servers.autoexp]',
      'tool_timeout_sec',
    ])
      expect(stdout).toContain(key);
    await machine.install();
    const after = machine.snapshot();
    const touched = Object.keys(after).filter(
      (name) => after[name] !== before[name] && after[name]?.startsWith('file'),
    );
    expect(touched.length).toBeGreaterThan(8);
    const record = touched.filter((name) => name.startsWith('.local/state'));
    for (const name of touched.filter((one) => !record.includes(one)))
      expect(stdout).toContain(join(machine.home, name));
    expect(stdout).toContain(join(machine.home, '.local/state/auto-experiment/install'));
    const installed = machine.snapshot();
    const out = await machine.install('--uninstall', '--dry-run');
    expect(out.stdout).toMatch(/^restore .*config\.toml/m);
    expect(machine.snapshot()).toEqual(installed);
  });
});

it('the package itself can be installed: its skills, agents and hooks', async () => {
  const { stdout, ...ended } = await runProcess([process.execPath, MAIN, 'install', ...both, '--json'], {
    cwd: machine.folder,
    env: machine.env,
  });
  expect(ended).toEqual(done);
  const settings = json(machine.read('.claude/settings.json'));
  expect(Object.keys(settings.hooks)).toEqual(['SessionStart', 'Stop']);
  expect(machine.read('.claude/settings.json')).not.toContain('CLAUDE_PLUGIN_ROOT');
  for (const name of ['auto-experiment', 'gpu-status', 'experiment-status'])
    for (const root of ['.claude', '.agents'])
      expect(machine.read(`${root}/skills/${name}/SKILL.md`)).toContain(`name: ${name}`);
  for (const name of ['leader', 'idea-agent', 'code-agent', 'writing-agent'])
    expect(machine.read(`.claude/agents/${name}.md`)).toContain(`name: ${name}`);
  expect(JSON.parse(stdout).checks).toContainEqual(
    expect.objectContaining({ name: 'Claude Code', state: 'good' }),
  );
  await runProcess([process.execPath, MAIN, 'install', '--uninstall'], { cwd: '/', env: machine.env });
  expect(machine.snapshot()).toEqual({});
});

describe('what belongs to others', () => {
  it('a skill, an agent, a command and entries of the same names stay as they are', async () => {
    machine.write({
      '.claude/skills/gpu-status/SKILL.md': 'foreign\n',
      '.claude/agents/leader.md': 'foreign\n',
      '.local/bin/auto-experiment': 'foreign\n',
      '.claude.json': '{"mcpServers": {"autoexp": {"command": "foreign"}}}\n',
      '.claude/settings.json': '{"env": {"CLAUDE_CODE_MCP_AUTO_BACKGROUND_MS": "5"}}\n',
      '.codex/config.toml': '[mcp_servers.autoexp]\ncommand = "foreign"\n',
    });
    const before = machine.snapshot();
    const { stdout, code } = await machine.install();
    expect(code).toBe(0);
    expect(stdout.match(/^keep /gm)).toHaveLength(6);
    const after = machine.snapshot();
    for (const name of Object.keys(before).filter((one) => one !== '.claude/settings.json'))
      expect(after[name], name).toBe(before[name]);
    expect(json(machine.read('.claude/settings.json')).env).toEqual({
      CLAUDE_CODE_MCP_AUTO_BACKGROUND_MS: '5',
    });
    expect(machine.read('.claude/skills/auto-experiment/SKILL.md')).toContain('Run them');
    await machine.install('--uninstall');
    expect(machine.snapshot()).toEqual(before);
  });

  it('a skill that is a link to elsewhere is not followed', async () => {
    machine.write({ 'dotfiles/gpu-status/SKILL.md': 'foreign\n' });
    mkdirSync(join(machine.home, '.claude/skills'), { recursive: true });
    symlinkSync('../../dotfiles/gpu-status', join(machine.home, '.claude/skills/gpu-status'));
    const before = machine.snapshot();
    await machine.install('--host', 'claude');
    expect(machine.read('dotfiles/gpu-status/SKILL.md')).toBe('foreign\n');
    await machine.install('--uninstall');
    expect(machine.snapshot()).toEqual(before);
  });

  it('settings that are links stay links', async () => {
    machine.write({ 'dotfiles/settings.json': SETTINGS });
    mkdirSync(join(machine.home, '.claude'));
    symlinkSync('../dotfiles/settings.json', join(machine.home, '.claude/settings.json'));
    const before = machine.snapshot();
    await machine.install('--host', 'claude');
    expect(json(machine.read('dotfiles/settings.json')).env).toHaveProperty(
      'CLAUDE_CODE_MCP_AUTO_BACKGROUND_MS',
    );
    await machine.install('--uninstall');
    expect(machine.snapshot()).toEqual(before);
  });

  it('a skill that its person changed is neither replaced nor removed, and this is said', async () => {
    await machine.install('--host', 'claude');
    const [changed, added] = ['.claude/skills/gpu-status/SKILL.md', '.claude/skills/gpu-status/notes.md'];
    machine.write({ [changed]: 'my own words\n', [added]: 'notes\n' });
    expect((await machine.install('--host', 'claude')).stdout).toMatch(/^keep .*gpu-status\/SKILL\.md/m);
    const { stdout, code } = await machine.install('--uninstall');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^keep .*gpu-status\/SKILL\.md/m);
    expect(Object.keys(machine.snapshot()).filter((name) => /\.md$/.test(name))).toEqual([changed, added]);
    expect(machine.read(changed)).toBe('my own words\n');
  });

  it('a newer package replaces its files, adds new ones and takes old ones away', async () => {
    await machine.install('--host', 'claude');
    const skills = join(machine.clone, 'skills');
    writeFileSync(join(skills, 'auto-experiment/SKILL.md'), 'newer\n');
    renameSync(join(skills, 'gpu-status'), join(skills, 'experiment-status'));
    await machine.install('--host', 'claude');
    expect(machine.read('.claude/skills/auto-experiment/SKILL.md')).toBe('newer\n');
    expect(existsSync(join(machine.home, '.claude/skills/gpu-status/SKILL.md'))).toBe(false);
    expect(existsSync(join(machine.home, '.claude/skills/experiment-status/SKILL.md'))).toBe(true);
    await machine.install('--uninstall');
    expect(machine.snapshot()).toEqual({});
  });
});

describe('when it cannot', () => {
  it.each([
    ['.claude.json', '{"mcpServers": {', 'is not a JSON object'],
    ['.claude/settings.json', '[]', 'is not a JSON object'],
    ['.claude/settings.json', '{"env": []}', 'env in '],
    ['.claude/settings.json', '{"hooks": {"SessionStart": {}}}', 'hooks.SessionStart in '],
    ['.codex/config.toml', 'model = \n', 'is not valid TOML'],
    ['.codex/config.toml', 'mcp_servers = { other = { command = "x" } }\n', 'in a form to which'],
    ['.codex/config.toml', '[[mcp_servers]]\na = 1\n', 'in a form to which'],
  ])('%s with %j is refused and nothing is changed', async (name, text, message) => {
    machine.write({ [name]: text });
    const before = machine.snapshot();
    const { code, stderr } = await machine.install(...both);
    expect(stderr).toMatch(/\nhint: \S/);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
    expect(stderr).toContain(name);
    expect(machine.snapshot()).toEqual(before);
  });

  it.each(['.claude', '.codex', '.local', '.local/state', '.agents', '.claude/skills'])(
    'a file in place of the folder %s stops it, and what was begun is taken back',
    async (name) => {
      machine.write({ [name]: 'a file\n' });
      const before = machine.snapshot();
      const { code, stderr } = await machine.install(...both);
      expect(stderr).toMatch(/^error: cannot write .*\nhint: \S/);
      expect(code).toBe(1);
      expect(machine.snapshot()).toEqual(before);
    },
  );

  it.runIf(process.getuid?.() === 0)('a home that may not be written is left as it is', async () => {
    const before = machine.snapshot();
    chmodSync(machine.folder, 0o755);
    const { code, stderr } = await runProcess(
      [
        'setpriv',
        '--reuid=65534',
        '--regid=65534',
        '--clear-groups',
        join(machine.clone, 'install.sh'),
        ...both,
      ],
      { cwd: '/', env: machine.env },
    );
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot write') });
    expect(stderr).toContain('hint: give yourself write access');
    expect(machine.snapshot()).toEqual(before);
  });

  it('an old Node, or none, is named with what to do', async () => {
    addProgram(machine, 'node', 'echo 18.20.4');
    const old = await machine.install(...both);
    expect(old).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/20\.19 or newer.*18\.20\.4\nhint: .*nodejs\.org/),
    });
    rmSync(join(machine.folder, 'bin/node'));
    for (const name of ['sh', 'dirname', 'grep'])
      symlinkSync(join('/bin', name), join(machine.folder, 'bin', name));
    const env = { ...machine.env, PATH: join(machine.folder, 'bin') };
    const none = await runProcess(['/bin/sh', join(machine.clone, 'install.sh')], { cwd: '/', env });
    expect(none).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no node on PATH\nhint: .*nodejs\.org/),
    });
    expect(machine.snapshot()).toEqual({});
  });

  it('a clone without its program, or half of it, says what to do', async () => {
    rmSync(join(machine.clone, 'mcp-server/plugin/program.bundle'));
    expect(await machine.cli('--version')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/program\.bundle cannot be read: ENOENT.*\nhint: take a whole clone/),
    });
    rmSync(join(machine.clone, 'mcp-server/plugin/server.cjs'));
    expect(await machine.install(...both)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('take a whole clone'),
    });
    expect(machine.snapshot()).toEqual({});
  });

  it('a wrong option or host is wrong usage', async () => {
    for (const args of [['--host', 'cluade'], ['--hots', 'claude'], ['somewhere']])
      expect(await machine.install(...args)).toMatchObject({ code: 2, stdout: '' });
    expect((await machine.install('--host', 'cluade')).stderr).toContain('did you mean claude?');
    expect(machine.snapshot()).toEqual({});
  });
});

describe('through a pipe', () => {
  const piped = (env: Record<string, string>, ...args: string[]) =>
    runProcess(['bash', '-c', 'exec bash -s -- "$@" < "$0"', join(machine.clone, 'install.sh'), ...args], {
      cwd: machine.folder,
      env: { ...machine.env, AUTO_EXPERIMENT_REPO: machine.clone, GIT_CONFIG_NOSYSTEM: '1', ...env },
    });

  it('clones, installs from the clone, is brought up to date by a second run, and leaves nothing behind', async () => {
    commitClone(machine);
    const dry = await piped({}, ...both, '--dry-run');
    expect(dry).toMatchObject({ code: 0, stderr: expect.stringContaining('would be cloned') });
    expect(machine.snapshot()).toEqual({});
    expect(await piped({}, ...both)).toMatchObject({ code: 0 });
    const home = join(machine.home, '.local/share/auto-experiment');
    expect(json(machine.read('.claude.json')).mcpServers.autoexp.args[0]).toBe(
      join(home, 'mcp-server/plugin/server.cjs'),
    );
    writeFileSync(join(machine.clone, 'skills/gpu-status/SKILL.md'), 'newer\n');
    commitClone(machine);
    expect(await piped({}, ...both)).toMatchObject({ code: 0 });
    expect(machine.read('.claude/skills/gpu-status/SKILL.md')).toBe('newer\n');
    expect(await piped({}, '--uninstall')).toMatchObject({ code: 0 });
    expect(machine.snapshot()).toEqual({});
  });

  it('does not touch a folder that it did not make, and says when there is nothing to clone', async () => {
    machine.write({ '.local/share/auto-experiment/mine': 'mine\n' });
    const before = machine.snapshot();
    for (const args of [both, ['--uninstall']])
      expect(await piped({}, ...args)).toMatchObject({ code: 1, stderr: expect.stringContaining('hint: ') });
    const nowhere = await piped({
      AUTO_EXPERIMENT_HOME: join(machine.home, 'a/b'),
      AUTO_EXPERIMENT_REPO: '/nowhere',
    });
    expect(nowhere).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('/nowhere could not be cloned'),
    });
    expect(machine.snapshot()).toEqual(before);
  });
});

describe('doctor', () => {
  const hostChecks = async (): Promise<Json[]> =>
    JSON.parse((await machine.cli('doctor', '--json')).stdout).checks.filter((check: Json) =>
      ['hosts', 'Claude Code', 'Codex'].includes(check.name),
    );

  it('says what a host knows of us and how to mend it', async () => {
    expect(await hostChecks()).toMatchObject([{ name: 'hosts', state: 'note' }]);
    addProgram(machine, 'claude', 'exit 1');
    expect(await hostChecks()).toMatchObject([
      { name: 'Claude Code', state: 'note', hint: 'auto-experiment install --host claude' },
    ]);
    await machine.install(...both);
    expect(await hostChecks()).toMatchObject([
      { name: 'Claude Code', state: 'good', text: expect.stringContaining('2 skills') },
      { name: 'Codex', state: 'good' },
    ]);
    rmSync(join(machine.home, '.agents/skills/gpu-status'), { recursive: true });
    expect((await hostChecks())[1]).toMatchObject({
      state: 'note',
      text: expect.stringContaining('gpu-status'),
    });
    cpSync(machine.clone, join(machine.folder, 'moved'), { recursive: true });
    rmSync(machine.clone, { recursive: true });
    const moved = await runProcess(
      [process.execPath, join(machine.folder, 'moved/mcp-server/plugin/server.cjs'), 'doctor', '--json'],
      { cwd: machine.folder, env: machine.env },
    );
    expect(moved.code).toBe(1);
    expect(JSON.parse(moved.stdout).checks).toContainEqual(
      expect.objectContaining({
        name: 'Codex',
        state: 'bad',
        text: expect.stringContaining('not there any more'),
      }),
    );
  });
});

const linesIn = (text: string): string[] => text.split(/\r?\n/);
