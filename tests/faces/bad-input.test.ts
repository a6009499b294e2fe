import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listing } from '../support/listing.js';
import {
  insertJson,
  MAIN,
  makeProject,
  type Ran,
  runProcess,
  type TestProject,
  until,
} from '../support/project.js';

// Bad input through the CLI: words and a hint on standard error, an exit code, and nothing written.

const BRIEF = '---\nmetric: val_acc\ndirection: maximize\n---\nImprove it.\n';
const CONFIG = `
experiment: {command: sh train.sh, dry_run_args: [--dry], stop_grace: 1}
sweep: {parameters: {lr: {uniform: [0, 1]}}, max_runs: 2}
`;

let project: TestProject;
beforeEach(() => {
  project = makeProject({
    'PROJECT_BRIEF.md': BRIEF,
    'config.yaml': CONFIG,
    'train.sh': 'echo val_acc=0.5\n',
    'plain.txt': 'no program\n',
  });
});
afterEach(() => project.end());

const at = (...parts: string[]): string => join(project.root, ...parts);
const write = (name: string, text: string): void => {
  mkdirSync(join(at(name), '..'), { recursive: true });
  writeFileSync(at(name), text);
};

const told = ({ code, stdout, stderr }: Ran, words: RegExp | string, exit: number): void => {
  expect(stderr).toMatch(words);
  // One line each: scripts read them by their first word.
  expect(stderr).toMatch(/^error: [^\n]+\nhint: [^\n]+\n$/);
  expect({ code, stdout }).toEqual({ code: exit, stdout: '' });
};

/** Refused with words, nothing on standard output, and nothing written. */
async function refused(args: readonly string[], words: RegExp | string, exit = 1): Promise<void> {
  const before = listing(project.root);
  told(await project.run(...args), words, exit);
  expect(listing(project.root)).toEqual(before);
}
const json = (...args: string[]): string[] => insertJson(args);

describe('the brief', () => {
  it('none, empty, only front matter', async () => {
    write('PROJECT_BRIEF.md', '');
    await refused(json('run'), /the brief .*PROJECT_BRIEF.md is empty/);
    write('PROJECT_BRIEF.md', ' \n\n');
    await refused(json('run'), /is empty/);
    write('PROJECT_BRIEF.md', '---\nmetric: val_acc\ndirection: maximize\n---\n');
    await refused(json('run', '--directive', 'x'), /is empty/);
    rmSync(at('PROJECT_BRIEF.md'));
    await refused(json('run'), /there is no brief at .*\nhint: .*auto-experiment init/);
    mkdirSync(at('PROJECT_BRIEF.md'));
    await refused(json('status'), /PROJECT_BRIEF.md is not a plain file/);
  });

  it('front matter that is no YAML, or a program', async () => {
    write('PROJECT_BRIEF.md', '---\nmetric: [val_acc\n---\nImprove it.\n');
    await refused(json('run'), /PROJECT_BRIEF.md is not valid YAML/);
    for (const language of ['js', 'javascript', 'coffee']) {
      write(
        'PROJECT_BRIEF.md',
        `---${language}\nrequire('node:fs').writeFileSync('evaluated', '1')\n---\nImprove it.\n`,
      );
      await refused(json('status'), /front matter must be YAML/);
    }
    expect(existsSync(at('evaluated'))).toBe(false);
    write('PROJECT_BRIEF.md', '---\nmetric: 5\n---\nImprove it.\n');
    await refused(json('status'), /PROJECT_BRIEF.md: "metric": .*string/);
    write('PROJECT_BRIEF.md', '---\ndirection: upwards\n---\nImprove it.\n');
    await refused(json('status'), /"direction"/);
    write('PROJECT_BRIEF.md', '---\nbudgets: {run: 3}\n---\nImprove it.\n');
    await refused(json('status'), /unknown key "budgets.run"\nhint: did you mean "budgets.runs"\?/);
  });
});

describe('a block between rules that is no settings', () => {
  it.each([
    ['a list', '---\n- metric\n- val_acc\n---\nImprove it.\n'],
    ['a sentence', '---\nA rule stands above this.\n---\nImprove it.\n'],
  ])('%s stays in the text, and is told', async (_, text) => {
    write('PROJECT_BRIEF.md', text);
    const { goal, warnings } = await project.json('status');
    expect(warnings).toEqual([expect.stringContaining('is not "key: value" lines, so it sets nothing')]);
    expect(goal).not.toBe('');
    const { stdout } = await project.run('doctor');
    expect(stdout).toContain('is read as text');
  });
});

describe('the config', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefghi'
      .split('')
      .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[index]}`).join(',')}]`),
  ].join('\n');
  it.each<[string, string, RegExp]>([
    ['an unknown section', 'experimant: {}', /unknown key "experimant"\nhint: did you mean "experiment"\?/],
    [
      'an unknown key',
      'experiment: {comand: x}',
      /unknown key "experiment.comand"\nhint: did you mean "experiment.command"\?/,
    ],
    [
      'a key like nothing',
      'experiment: {zzzzzzzz: 1}',
      /unknown key "experiment.zzzzzzzz"\nhint: known keys here: command, /,
    ],
    ['a word for a number', 'experiment: {max_parallel: many}', /"experiment.max_parallel": .*number/],
    ['a duration in no form', 'experiment: {time_limit: soon}', /"experiment.time_limit"/],
    ['a list for a map', 'experiment: [1, 2]', /"experiment": /],
    ['a list at the top', '- a\n- b', /must be a list of "key: value" lines/],
    ['a word at the top', 'hello', /must be a list of "key: value" lines/],
    ['YAML that is none', 'a: [1, 2', /is not valid YAML/],
    ['a tab', 'experiment:\n\tcommand: x', /is not valid YAML/],
    ['a key twice', 'gpu: {}\ngpu: {}', /is not valid YAML: .*unique/],
    ['an alias bomb', bomb, /is not valid YAML: .*alias/i],
    ['deep nesting', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, /is not valid YAML|must be a list/],
    ['1 MB', `# ${'x'.repeat(1 << 20)}`, /is over 64 KiB/],
    ['two documents', 'gpu: {}\n---\ngpu: {}', /is not valid YAML/],
    ['a proto key', '__proto__: {a: 1}', /unknown key "__proto__"/],
    [
      'the workspace is the root of the disk',
      'project: {workspace: /}',
      /project.workspace: "\/" is not below/,
    ],
    ['the workspace is the project', 'project: {workspace: .}', /project.workspace: "." is not below/],
    [
      'the workspace is beside the project',
      'project: {workspace: ../x}',
      /project.workspace: "..\/x" is not below/,
    ],
    ['the brief is outside', 'project: {brief: /etc/passwd}', /project.brief: "\/etc\/passwd" is not below/],
    ['a sweep without parameters', 'sweep: {parameters: {}}', /"sweep.parameters": at least one parameter/],
    ['a range upside down', 'sweep: {parameters: {lr: {uniform: [1, 0]}}}', /"sweep.parameters.lr/],
    ['a logarithm of zero', 'sweep: {parameters: {lr: {log_uniform: [0, 1]}}}', /"sweep.parameters.lr/],
    ['two forms at once', 'sweep: {parameters: {lr: {choice: [1], int: [1, 2]}}}', /"sweep.parameters.lr/],
    ['no name for a parameter', 'sweep: {parameters: {"--lr": {choice: [1]}}}', /"sweep.parameters/],
  ])('%s', async (_, config, words) => {
    write('config.yaml', config);
    await refused(json('launch', '--', 'sh', 'train.sh'), words);
  });

  it('links that lead out of the project, and files that are none', async () => {
    const other = makeProject();
    try {
      symlinkSync(other.root, at('out'));
      symlinkSync(join(other.root, 'later'), at('dangling'));
      for (const place of ['out', 'out/deep/er', 'dangling', 'dangling/x']) {
        write('config.yaml', `project: {workspace: ${place}}`);
        await refused(
          json('launch', '--', 'sh', 'train.sh'),
          /project.workspace: .*(is not below|leads nowhere)/,
        );
      }
      expect(listing(other.root)).toEqual({});
    } finally {
      await other.end();
    }
    write('config.yaml', 'project: {workspace: plain.txt}');
    await refused(json('launch', '--', 'sh', 'train.sh'), /a file stands where a folder is needed/);
    rmSync(at('config.yaml'));
    execFileSync('mkfifo', [at('config.yaml')]);
    await refused(json('status'), /config.yaml is not a plain file/);
  });

  it('a sweep that cannot be run', async () => {
    const sweeps: [string, RegExp][] = [
      ['experiment: {command: sh train.sh}', /there is no search space/],
      ['sweep: {parameters: {lr: {choice: [1]}}}', /there is no training command/],
      [
        'experiment: {command: nope, dry_run_args: []}\nsweep: {parameters: {lr: {choice: [1]}}}',
        /there is no program "nope"/,
      ],
      [
        'experiment: {command: sh train.sh | tee x}\nsweep: {parameters: {lr: {choice: [1]}}}',
        /needs a shell/,
      ],
      [
        'experiment: {command: sh train.sh}\nsweep: {parameters: {lr: {choice: [1]}}}',
        /no dry run is declared/,
      ],
      [
        'experiment: {command: sh train.sh, dry_run_args: []}\nsweep: {command: sh train.sh, parameters: {lr: {choice: [1]}}}',
        /does not use the parameter "lr"/,
      ],
      [
        'experiment: {command: sh train.sh, dry_run_args: []}\nsweep: {command: "sh train.sh {lr} {wd}", parameters: {lr: {choice: [1]}}}',
        /uses \{wd\}, which is no parameter/,
      ],
    ];
    for (const [config, words] of sweeps) {
      write('config.yaml', config);
      await refused(json('run'), words);
    }
    write('config.yaml', CONFIG);
    write('PROJECT_BRIEF.md', 'Improve it.');
    await refused(json('run', '--directive', 'x'), /the primary metric is not declared/);
  });
});

describe('the command line', () => {
  it('commands that cannot be started', async () => {
    const commands: [string[], RegExp][] = [
      [['--', 'no-such-program'], /there is no program "no-such-program"/],
      [['--', './nope/train.sh'], /there is no program/],
      [['--', './plain.txt'], /plain.txt is not executable\nhint: .*chmod \+x/],
      [['--', '/etc'], /there is no program "\/etc"/],
      [['--', 'LR=1', 'python3'], /"LR=1" is not a program/],
      [["sh 'train.sh"], /a ' is not closed/],
      [['sh train.sh | tee log'], /"\|" needs a shell/],
      [['sh train.sh && true'], /"&" needs a shell/],
      [['  '], /the command is empty/],
      [['--', ''], /the command is empty/],
    ];
    for (const [args, words] of commands) await refused(json('launch', ...args), words);
  });

  it('wrong usage has exit code 2 and names what is near', async () => {
    const calls: [string[], RegExp][] = [
      [['statsu'], /unknown command "statsu"; did you mean status\?/],
      [['zzzzzzz'], /unknown command "zzzzzzz"\nhint: auto-experiment --help/],
      [['toString'], /unknown command "toString"\nhint: auto-experiment --help/],
      [
        ['launch', '--titel', 'x', '--', 'sh'],
        /unknown option --titel; did you mean --title\?\nhint: auto-experiment launch --help/,
      ],
      [['status', '-x'], /-x/],
      [['status', 'extra'], /unexpected "extra"/],
      [['status', '--project'], /--project/],
      [['launch'], /no command; write it behind --/],
      [['launch', '--gpus', 'many', '--', 'sh'], /--gpus takes a whole number/],
      [['launch', '--time-limit', 'soon', '--', 'sh'], /--time-limit takes a duration/],
      [['run', '--max-cycles', '0', '--directive', 'x'], /--max-cycles takes a whole number from 1/],
      [['run', '--gpu', 'first'], /--gpu takes numbers/],
      [['run', '--planner', 'magic'], /--planner takes llm or sweep/],
      [['wait', '--timeout', 'x'], /--timeout takes a duration/],
      [['stop'], /which run\?/],
      [['restore'], /which run\?/],
      [['compare', 'exp001'], /two or more runs/],
      [['metrics'], /which log\?/],
      [['directive'], /what is the directive\?/],
      [['mcp', '--role', 'boss'], /--role takes host, leader/],
    ];
    for (const [args, words] of calls) await refused(args, words, 2);
  });

  it('runs, files and folders that are not there', async () => {
    await refused(json('wait'), /has no runs yet/);
    for (const command of ['wait', 'logs', 'stop', 'restore'])
      await refused(json(command, 'exp001'), /there is no run "exp001"\nhint: this project has no runs yet/);
    await refused(json('metrics', 'none.log'), /none.log cannot be read/);
    await refused(json('metrics', '.'), /no structured file with metrics/);
    await refused(json('status', '--project', 'nowhere'), /no project folder at .*nowhere/);
    await refused(json('status', '--project', 'plain.txt'), /plain.txt is not a folder/);
    await refused(['directive', ' '], /the directive is empty/);
    const run = await project.json('launch', '--', 'sh', 'train.sh');
    await project.json('wait', run.id);
    // What it ran in is written down beside the watching.
    await until(() => existsSync(join(project.root, 'workspace/runs/exp001/environment.json')));
    await refused(json('wait', 'exp01'), /there is no run "exp01"\nhint: did you mean exp001\?/);
    await refused(json('compare', 'exp001', '../../etc'), /there is no run/);
    await refused(json('restore', 'exp001', '--into', '.'), /is not empty/);
  });

  it('no Python', async () => {
    const env = { ...process.env, PATH: at('bin') };
    mkdirSync(at('bin'));
    const before = listing(project.root);
    told(
      await runProcess([process.execPath, MAIN, 'demo', '--json'], { cwd: project.root, env }),
      /there is no program "python3"\nhint: install Python 3/,
      1,
    );
    expect(listing(project.root)).toEqual(before);
    const { code, stdout } = await runProcess([process.execPath, MAIN, 'doctor', '--json'], {
      cwd: project.root,
      env,
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout).checks).toContainEqual({
      name: 'python3',
      state: 'note',
      text: 'not found',
      hint: expect.stringContaining('install Python 3'),
    });
    expect(listing(project.root)).toEqual(before);
  });
});

describe('what lies in the workspace', () => {
  it('a directive that is a link, a memory that is a folder', async () => {
    mkdirSync(at('workspace'));
    symlinkSync('/etc/hostname', at('workspace/HUMAN_DIRECTIVE.md'));
    await refused(['directive', 'stop'], /HUMAN_DIRECTIVE.md is a symbolic link/);
    await refused(json('run'), /HUMAN_DIRECTIVE.md is a symbolic link/);
    rmSync(at('workspace/HUMAN_DIRECTIVE.md'));
    mkdirSync(at('workspace/MEMORY_LOG.md'));
    await refused(json('run'), /MEMORY_LOG.md is a folder or device, not a file/);
  });

  it('damaged records are told and cost nothing else', async () => {
    for (const _ of [1, 2])
      await project.json('wait', (await project.json('launch', '--', 'sh', 'train.sh')).id);
    // The supervisor writes it beside everything else, maybe after the end was told.
    await until(() =>
      ['exp001', 'exp002'].every((id) => existsSync(at(`workspace/runs/${id}/environment.json`))),
    );
    write('workspace/runs/exp002/run.json', '{"id": "exp0');
    writeFileSync(
      at('workspace/ledger.jsonl'),
      'hello\n{"kind":"unheard"}\n[]\nnull\n{"kind":"decision","at":"2026',
      { flag: 'a' },
    );
    write('workspace/state.json', '{{{{');
    const before = listing(project.root);
    const status = await project.json('status');
    expect(status.runs.map(({ id }: { id: string }) => id)).toEqual(['exp001']);
    expect(status.baseline).toMatchObject({ run: 'exp001', value: 0.5 });
    expect(status.warnings).toEqual([
      expect.stringMatching(/last line \(\d+\) is torn/),
      expect.stringMatching(/4 line\(s\) cannot be read/),
      expect.stringMatching(/exp002\/run.json is damaged/),
    ]);
    expect(listing(project.root)).toEqual(before);
    await refused(json('wait', 'exp002'), /run.json is damaged\nhint: .*move the folder away/);
    await refused(json('logs', 'exp002'), /run.json is damaged/);
    expect(
      await project.json('wait', (await project.json('launch', '--', 'sh', 'train.sh')).id),
    ).toMatchObject({ id: 'exp003', ending: 'succeeded' });
  });

  it('a folder that cannot be written', async () => {
    const before = listing(project.root);
    const calls = [
      json('launch', '--', 'sh', 'train.sh'),
      json('run'),
      ['directive', 'stop'],
      json('report'),
    ];
    for (const args of calls)
      told(await readOnly(...args), /cannot write .*\nhint: .*(read-only|write access)/, 1);
    expect((await readOnly(...json('status'))).code).toBe(0);
    expect(listing(project.root)).toEqual(before);
  });

  it('a second controller is refused, and names the first', async () => {
    write(
      'train.sh',
      'case "$*" in *--dry*) exit 0;; esac\nwhile [ ! -e go ]; do sleep 0.05; done; echo val_acc=0.5\n',
    );
    const first = spawn(process.execPath, [MAIN, 'run', '--max-cycles', '1', '--project', project.root], {
      stdio: 'ignore',
    });
    const over = new Promise((resolve) => first.once('close', resolve));
    await until(() => existsSync(at('workspace/runs/exp001')));
    told(
      await project.run(...json('run')),
      `a controller is already at work on this project: process ${first.pid}`,
      1,
    );
    write('go', '');
    expect(await over).toBe(0);
  });
});

/** The CLI on a project that cannot be written: for root, for whom permissions do not count, in a mount of its own. */
async function readOnly(...args: string[]): Promise<Ran> {
  const env = { ...process.env, NO_COLOR: '1' };
  const options = { cwd: '/', env };
  const command = [process.execPath, MAIN, ...insertProject(args)];
  if (process.getuid?.() === 0) {
    const script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"';
    return runProcess(['unshare', '-m', 'sh', '-c', script, project.root, ...command], options);
  }
  chmodSync(project.root, 0o555);
  try {
    return await runProcess(command, options);
  } finally {
    chmodSync(project.root, 0o755);
  }
}

function insertProject(args: readonly string[]): string[] {
  const [name = '', ...rest] = args;
  return [name, '--project', project.root, ...rest];
}
