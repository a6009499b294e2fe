import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpStandIn, startHttp } from '../support/http-stand-in.js';
import { type Json, makeProject, type TestProject, until } from '../support/project.js';
import { type ScriptedModel, startModel } from '../support/scripted-model.js';
import { BRIEF, experiment, mind, reflection, textOf } from '../support/thinking.js';

// Keys of all shapes lie in the environment of a loop whose code agent and whose training say all that they see. They are
// made anew each time, so that whatever is found was leaked by this run. SHOW_CANARIES=FILE writes what was searched.

let project: TestProject;
let model: ScriptedModel;
let http: HttpStandIn;
let outside: string;
afterEach(async () => {
  await project.end();
  await model.close();
  await http.close();
  rmSync(outside, { recursive: true, force: true });
});

const word = (length: number): string =>
  [...randomBytes(length)]
    .map((byte) => 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'[byte % 56])
    .join('');
const digits = (length: number): string => [...randomBytes(length)].map((byte) => byte % 10).join('');
const hex = (length: number): string => randomBytes(length / 2).toString('hex');
const upper = (length: number): string => word(length).toUpperCase();

/** Twenty variables as people have them, and one whose name and value say nothing: the config lists it. */
function canaries(): Record<string, string> {
  const pem = Array.from({ length: 4 }, () => word(64)).join('\n');
  return {
    ANTHROPIC_API_KEY: `sk-ant-api03-1${word(40)}`,
    OPENAI_API_KEY: `sk-proj-1${word(40)}`,
    AWS_ACCESS_KEY_ID: `AKIA${upper(16)}`,
    AWS_SECRET_ACCESS_KEY: `${word(20)}/${word(19)}`,
    HF_TOKEN: `hf_${word(34)}`,
    WANDB_API_KEY: hex(40),
    GITHUB_TOKEN: `ghp_${word(36)}`,
    GITLAB_PAT: `glpat-${word(20)}`,
    NPM_TOKEN: `npm_${word(36)}`,
    TWINE_PASSWORD: `pypi-${word(60)}`,
    SLACK_WEBHOOK: `https://hooks.slack.com/services/T${upper(8)}/B${upper(8)}/${word(24)}`,
    SLACK_BOT: `xoxb-${digits(12)}-${word(24)}`,
    TELEGRAM_BOT_TOKEN: `${digits(9).replace(/^0/, '1')}:AA${word(33)}`,
    DATABASE_URL: `postgres://trainer:${word(16)}@127.0.0.1:5432/runs`,
    PIP_INDEX: `https://ci:${word(20)}@127.0.0.1/simple`,
    DEPLOY: `-----BEGIN OPENSSH PRIVATE KEY-----\n${pem}\n-----END OPENSSH PRIVATE KEY-----\n`,
    SESSION: `eyJ${word(20)}.eyJ${word(40)}.${word(40)}`,
    GOOGLE: `AIza${word(35)}`,
    CLUSTER_PASSWORD: `p@ss "${word(10)}" \\${word(6)}`,
    STRIPE_KEY: `sk_live_${word(24)}`,
    LAB_ROOM: word(32),
  };
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

/** What to look for: the value and its lines and parts that are secret alone, in the forms in which programs print them. */
function needles(value: string): string[] {
  const secret = /^[a-z]+:\/\/[^/]*:([^/@]+)@/.exec(value)?.[1] ?? value;
  const parts = [
    secret,
    ...(secret.includes('\n') ? secret.split('\n').filter((line) => /^\w{64}$/.test(line)) : []),
  ];
  const forms = (text: string): string[] => [
    text,
    inJson(text),
    inJson(inJson(text)),
    // As Python shows it.
    inJson(text).replaceAll('\\"', '"'),
    inJson(inJson(text).replaceAll('\\"', '"')),
    encodeURIComponent(text),
    // As base64 has it wherever it stands in a longer text.
    ...[0, 1, 2].map((before) => {
      const whole = Buffer.from(' '.repeat(before) + text).toString('base64');
      return whole.slice([0, 2, 3][before], -4);
    }),
    Buffer.from(text).toString('hex'),
  ];
  return [...new Set([value, ...parts].flatMap(forms))];
}

/** Everything that lies below a folder: contents, names, and where links point to. */
function* everything(folder: string): Generator<{ path: string; text: string }> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stats = lstatSync(path);
    if (stats.isSymbolicLink()) yield { path, text: `${path} ${readlinkSync(path)}` };
    else if (stats.isDirectory()) yield* everything(path);
    else if (stats.isFile()) {
      const bytes = readFileSync(path);
      yield { path, text: `${path}\n${bytes.toString('latin1')}\n${bytes.toString('utf8')}` };
    }
  }
}

/** Says its own environment and that of the wrapper that started it; notes the arguments of all above it elsewhere. */
const TELL = `import os, sys
def raw(pid, name):
    with open("/proc/%s/%s" % (pid, name), "rb") as file:
        return file.read().replace(b"\\0", b" ; ").decode("utf8", "replace")
def tell():
    for name, value in os.environ.items():
        print("variable %s=%s" % (name, value))
    print("self", raw("self", "environ"))
    if "--dry" not in sys.argv:
        print("parent", raw(os.getppid(), "environ"))
    pid = os.getpid()
    with open(os.path.join(os.environ["TOLD"], os.urandom(8).hex()), "w") as file:
        while pid > 1:
            print(raw(pid, "cmdline"), file=file)
            pid = int(raw(pid, "stat").rsplit(")", 1)[1].split()[1])
`;
const END = `x = float(sys.argv[sys.argv.index("--x") + 1]) if "--x" in sys.argv else 0.5
print("epoch 1/1 val_acc=%s" % x)
`;
/** What the code agent makes of it. */
const FAILING = `${TELL}
tell()
def refused():
    raise RuntimeError("environment %r was refused: %s" % (dict(os.environ), os.environ.get("PASSED_TOKEN")))
if "--broken" in sys.argv or ("--fail" in sys.argv and "--dry" not in sys.argv):
    import traceback
    try:
        refused()
    except RuntimeError:
        traceback.print_exc()
        print("RuntimeError: refused: %s" % os.environ.get("PASSED_TOKEN"), file=sys.stderr)
        sys.exit(3)
${END}`;

const CONFIG = `
gpu: {auto_detect: false}
agent: {cooldown_interval: 0}
obsidian: {enabled: true}
experiment:
  command: python3 train.py
  dry_run_args: [--dry]
  verdict: cheap
  pass_env: [PASSED_TOKEN]
  secret_env: [LAB_ROOM]
`;

const LOOK = `env; tr '\\0' '\\n' < /proc/self/environ; cat /proc/[0-9]*/environ | tr '\\0' '\\n'; echo "$INNOCENT"`;

describe('keys in the environment of a loop', () => {
  it('are found in no file, prompt, argument, message or output, nor in the training', async () => {
    http = await startHttp();
    outside = mkdtempSync(join(tmpdir(), 'auto-experiment-outside-'));
    const planted = canaries();
    const passed = word(32);
    const innocent = `colour-${word(12)}`;
    const hook = word(32);
    // A note of all keys without their names, outside of the project: whoever reads it still sends none of them on.
    const told = join(outside, 'told');
    mkdirSync(told);
    const vault = join(outside, 'vault.txt');
    writeFileSync(vault, [...Object.values(planted), passed].join('\n'));
    model = await startModel(
      mind({
        plans: [
          experiment('refused', 'python3 train.py --fail', { change: 'print the environment' }),
          experiment('more x', 'python3 train.py --x 0.9'),
        ],
        works: [
          [{ tool: 'run_shell', input: { command: LOOK } }],
          [{ tool: 'run_shell', input: { command: `cat ${vault}` } }],
          [
            {
              tool: 'run_shell',
              input: { command: `base64 -w0 ${vault}; python3 -c 'print(repr(open("${vault}").read()))'` },
            },
          ],
          [{ tool: 'write_file', input: { path: 'train.py', text: FAILING } }],
          [{ tool: 'launch_experiment', input: { command: 'python3 train.py --broken' } }],
          [{ tool: 'launch_experiment', input: { command: 'python3 train.py --fail' } }],
        ],
        reflections: [reflection('the service refuses us'), reflection('more x is better')],
      }),
    );
    project = makeProject(
      { 'PROJECT_BRIEF.md': BRIEF, 'config.yaml': CONFIG, 'train.py': `${TELL}tell()\n${END}` },
      {
        ...planted,
        PASSED_TOKEN: passed,
        INNOCENT: innocent,
        TOLD: told,
        NEWS_WEBHOOK: `${http.url}/${hook}`,
      },
    );
    mkdirSync(project.userConfig);
    writeFileSync(
      join(project.userConfig, 'notify.yaml'),
      'channels: {hook: {kind: webhook, url: {env: NEWS_WEBHOOK}}}\n',
    );

    const argv = new Set<string>();
    const timer = setInterval(() => sampleArguments(argv), 100);
    const said: string[] = [];
    const run = async (...args: string[]): Promise<void> => {
      const { code, stdout, stderr } = await project.run(...args);
      said.push(stdout, stderr);
      expect([code, args[0], code === 0 ? '' : stderr]).toEqual([0, args[0], '']);
    };
    try {
      await run(
        'run',
        '--planner',
        'llm',
        '--provider',
        'anthropic',
        '--base-url',
        model.url,
        '--max-cycles',
        '2',
      );
      await run('report');
      await run('notes');
      for (const id of ['exp001', 'exp002', 'exp003']) await run('bundle', id);
      for (const args of [
        ['status'],
        ['status', '--json'],
        ['compare', 'exp001', 'exp002'],
        ['notify'],
        ['doctor'],
      ])
        said.push(...Object.values(await project.run(...args)).map(String));
      const sent = (): string => readFileSync(join(project.root, 'workspace/notifications.jsonl'), 'utf8');
      await until(() =>
        ['exp001', 'exp002', 'exp003'].every((id) => new RegExp(`"sent".*ended:${id}`).test(sent())),
      );
      sampleArguments(argv);
    } finally {
      clearInterval(timer);
    }

    // It went as it was meant to.
    expect(model.errors).toEqual([]);
    const ends = project.ledger().filter(({ kind }) => kind === 'end');
    expect(ends.map(({ run: id, ending }) => [id, ending])).toEqual([
      ['exp001', 'succeeded'],
      ['exp002', 'failed'],
      ['exp003', 'succeeded'],
    ]);
    expect(project.ledger().filter(({ kind, ok }) => kind === 'dry_run' && ok === false)).toHaveLength(1);
    const logs = ['exp001', 'exp002', 'exp003'].map((id) => join(project.root, 'workspace/runs', id, 'log'));

    const bundles = join(outside, 'bundles');
    mkdirSync(bundles);
    const packed = readdirSync(join(project.root, 'workspace/bundles'));
    expect(packed).toHaveLength(3);
    for (const name of packed)
      execFileSync('tar', ['-xzf', join(project.root, 'workspace/bundles', name), '-C', bundles]);

    const own = (headers: Json): Json => ({ ...headers, 'x-api-key': '' });
    const places: { path: string; text: string }[] = [
      ...everything(project.root),
      ...everything(dirname(project.userConfig)),
      ...everything(bundles),
      ...everything(told),
      ...model.requests.map(({ path, body, headers }, index) => ({
        path: `request ${index + 1} to the model: ${path}`,
        text: JSON.stringify([path, body, own(headers)]),
      })),
      ...http.received.map(({ headers, body }, index) => ({
        path: `message ${index + 1}`,
        text: JSON.stringify([headers, body]),
      })),
      ...said.map((text, index) => ({ path: `output ${index + 1}`, text })),
      ...[...argv].map((text) => ({ path: 'argv', text })),
    ];
    const holding = (value: string): string[] => {
      const forms = needles(value);
      return [
        ...new Set(
          places.filter(({ text }) => forms.some((form) => text.includes(form))).map(({ path }) => path),
        ),
      ];
    };

    // What is there is found: an innocent variable, one that the config hands on, and the arguments of our own programs.
    expect(holding(innocent)).toEqual(expect.arrayContaining(logs));
    expect(model.requests.map(textOf).join('')).toContain(innocent);
    for (const log of logs) expect(readFileSync(log, 'utf8')).toContain(`variable PASSED_TOKEN=${passed}`);
    expect([...argv].join('\n')).toContain('--planner llm');
    for (const { headers } of model.requests) expect(headers['x-api-key']).toBe(planted.ANTHROPIC_API_KEY);
    // Three runs and four dry runs, of which one failed.
    expect(readdirSync(told)).toHaveLength(7);

    const leaks = Object.entries({ ...planted, NEWS_WEBHOOK: hook }).flatMap(([name, value]) => {
      const where = holding(value);
      return where.length === 0 ? [] : [{ name, where }];
    });
    expect(leaks).toEqual([]);
    // What was handed on is in the log of the training that printed it, and goes no further.
    expect(holding(passed).sort()).toEqual(logs);

    const show = process.env.SHOW_CANARIES;
    if (show !== undefined)
      writeFileSync(
        show,
        `${Object.keys(planted).length + 1} keys, ${places.length} places searched (${sum(places)} characters): ${model.requests.length} requests to the model, ${http.received.length} messages, ${argv.size} argument lists; found 0\n`,
      );
  });
});

const sum = (places: readonly { text: string }[]): number =>
  places.reduce((total, { text }) => total + text.length, 0);

/** Arguments of all processes of this machine: the keys are of this test alone. */
function sampleArguments(into: Set<string>): void {
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      into.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
    } catch (error) {
      // It ended in between.
      if (!(error instanceof Error && 'code' in error && /ENOENT|ESRCH/.test(String(error.code))))
        throw error;
    }
  }
}
