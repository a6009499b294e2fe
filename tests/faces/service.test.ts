import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendLog } from '../../mcp-server/src/store/log-file.js';
import { snapshot } from '../support/home.js';
import { makeProject, type TestProject, until } from '../support/project.js';

// systemctl, loginctl and crontab as programs on PATH that keep what they are told in files.

let project: TestProject;
let home: string;
let bin: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'auto-experiment-home-'));
  bin = join(home, 'fake-bin');
  mkdirSync(bin);
});
afterEach(async () => {
  await project.end();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

function fake(name: string, text: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(bin, name), 0o755);
}

const SYSTEMCTL = `echo "$*" >> "$FAKE/systemctl.log"
case "$*" in
  *is-active*) [ -e "$FAKE/active" ] && echo active || { echo inactive; exit 3; } ;;
  *restart*) : > "$FAKE/active" ;;
  *"disable --now"*) rm -f "$FAKE/active" ;;
esac`;
const NO_BUS = 'echo "Failed to connect to bus: No medium found" >&2; exit 1';
const CRONTAB = `case "$1" in
  -l) [ -e "$FAKE/cron" ] && cat "$FAKE/cron" || { echo "no crontab for test" >&2; exit 1; } ;;
  -r) rm "$FAKE/cron" ;;
  *) [ -z "$(tail -c 1 "$1")" ] || { echo "new crontab file is missing newline before EOF, can't install." >&2; exit 1; }
     cp "$1" "$FAKE/cron" ;;
esac`;

function open(programs: Record<string, string>, files: Record<string, string> = {}): void {
  for (const [name, text] of Object.entries(programs)) fake(name, text);
  project = makeProject(
    { 'PROJECT_BRIEF.md': 'Make it better.\n', 'config.yaml': 'gpu: {auto_detect: false}\n', ...files },
    {
      HOME: home,
      XDG_CONFIG_HOME: '',
      AUTO_EXPERIMENT_CONFIG_DIR: '',
      FAKE: home,
      // Only what is faked, and a shell: no systemctl or crontab of this machine.
      PATH: [bin, '/nowhere'].join(delimiter),
    },
  );
  for (const program of ['sh', 'cat', 'cp', 'rm', 'tail', 'env']) {
    const real = ['/bin', '/usr/bin'].map((folder) => join(folder, program)).find(existsSync) ?? '';
    if (!existsSync(join(bin, program))) fake(program, `exec ${real} "$@"`);
  }
}

const ok = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await project.run('service', ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
};
const unit = (): string => {
  const [name = ''] = Object.keys(snapshot(join(home, '.config'))).filter((path) =>
    path.endsWith('.service'),
  );
  return join(home, '.config', name);
};
const cron = (): string => readFileSync(join(home, 'cron'), 'utf8');

describe('with systemd', () => {
  const programs = { systemctl: SYSTEMCTL, loginctl: 'echo Linger=no', crontab: CRONTAB };

  it('installs, tells, and takes away a unit, and leaves the home as it was', async () => {
    open(programs);
    const before = snapshot(home);
    const dry = await ok('install', '--dry-run', '--', '--planner', 'sweep');
    expect(dry).toContain('ExecStart=');
    expect(snapshot(home)).toEqual({ ...before, 'systemctl.log': expect.any(String) });
    const said = await ok('install', '--', '--planner', 'sweep');
    expect(said).toContain('loginctl enable-linger');
    expect(said).toContain('.config/auto-experiment/env');
    const text = readFileSync(unit(), 'utf8');
    expect(text).toMatch(/^ExecStart=".*node" ".*main\.cjs" "run" "--project" ".*" "--planner" "sweep"$/m);
    expect(text).toMatch(/^KillMode=process$/m);
    expect(text).toMatch(/^EnvironmentFile=-.*auto-experiment\/env$/m);
    expect(await ok('status')).toMatch(/service: systemd, active[\s\S]*loop: not running/);
    expect(JSON.parse(await ok('status', '--json'))).toMatchObject({
      kind: 'systemd',
      state: 'active',
      running: null,
    });
    await ok('uninstall');
    expect(await ok('status')).toContain('not installed');
    const { 'systemctl.log': log, ...after } = snapshot(home);
    expect(after).toEqual(before);
    expect(log).toMatch(
      /enable auto-experiment-\S+\.service[\s\S]*restart[\s\S]*disable --now[\s\S]*daemon-reload/,
    );
    expect(await ok('uninstall')).toContain('nothing is installed');
  });

  it('writes its own unit anew, and never one of somebody else', async () => {
    open(programs);
    await ok('install');
    await ok('install', '--', '--gpu', '0');
    expect(readFileSync(unit(), 'utf8')).toContain('"--gpu" "0"');
    const edited = `${readFileSync(unit(), 'utf8')}# my own line\n`;
    writeFileSync(unit(), edited);
    for (const act of ['install', 'uninstall']) {
      const { code, stderr } = await project.run('service', act);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(/written or changed by somebody else[\s\S]*hint: it is left as it is/),
      });
    }
    expect(readFileSync(unit(), 'utf8')).toBe(edited);
  });

  it('quotes what systemd would read as its own', async () => {
    open(programs);
    await ok('install', '--', '--directive', 'use 50% of $HOME "now"');
    expect(readFileSync(unit(), 'utf8')).toContain('"use 50%% of $$HOME \\"now\\""');
  });

  it('says what systemd says when it refuses', async () => {
    open({
      ...programs,
      systemctl: `case "$*" in *enable*) echo "Failed to enable: read-only" >&2; exit 1;; esac`,
    });
    const { code, stderr } = await project.run('service', 'install');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('Failed to enable: read-only'),
    });
    expect(await ok('uninstall')).toContain('removed');
    expect(existsSync(join(home, '.config'))).toBe(false);
  });
});

describe('with cron', () => {
  const programs = { systemctl: NO_BUS, crontab: CRONTAB };

  it('adds two lines, starts at once with a log of its own, and restores the crontab to the byte', async () => {
    // A config without a metric: the loop ends at once with a message, and is started again after a pause.
    open(programs);
    const mine = '# my jobs\n0 3 * * * backup % now\n';
    writeFileSync(join(home, 'cron'), mine);
    expect(await ok('install', '--dry-run')).toMatch(/No medium found[\s\S]*@reboot/);
    expect(cron()).toBe(mine);
    const said = await ok('install', '--', '--directive', 'go 100%');
    expect(said).toContain('installed in your crontab and started');
    expect(cron().startsWith(mine)).toBe(true);
    expect(cron()).toContain("'go 100\\%'");
    expect(cron().split('\n')).toHaveLength(5);
    await until(
      () =>
        existsSync(join(project.root, 'workspace/service.log')) &&
        readLog().includes('started again in 30 s'),
    );
    expect(readLog()).toMatch(/error: [\s\S]*hint: /);
    // Once more: the old lines go, the new ones come, nothing is doubled.
    await ok('install');
    expect(cron().match(/@reboot/g)).toHaveLength(1);
    expect(await ok('status')).toContain('service: cron, in crontab');
    await ok('uninstall');
    expect(cron()).toBe(mine);
  });

  it('takes away the crontab itself where there was none', async () => {
    open(programs);
    await ok('install');
    expect(cron()).toContain('@reboot');
    await ok('uninstall');
    expect(existsSync(join(home, 'cron'))).toBe(false);
  });

  it('leaves lines alone that somebody has changed', async () => {
    open(programs);
    await ok('install');
    writeFileSync(join(home, 'cron'), cron().replace('@reboot', '@daily'));
    const { code, stderr } = await project.run('service', 'uninstall');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/changed by somebody else/) });
    expect(cron()).toContain('@daily');
  });

  const readLog = (): string => readFileSync(join(project.root, 'workspace/service.log'), 'utf8');
});

describe('with neither', () => {
  it('says why, and what to type', async () => {
    open({ systemctl: NO_BUS });
    const { code, stderr } = await project.run('service', 'install');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /No medium found; there is no crontab\nhint: keep it in tmux instead: tmux new-session -d -s auto-experiment-/,
    );
    expect((await project.run('service', 'frobnicate')).code).toBe(2);
  });
});

it('a log never grows beyond twice its bound', () => {
  open({});
  const path = join(home, 'service.log');
  for (let line = 0; line < 1000; line++) appendLog(path, `line ${line} ${'x'.repeat(90)}\n`, 10_000);
  expect(statSync(path).size).toBeLessThanOrEqual(10_000);
  expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(10_000);
  const both = readFileSync(`${path}.1`, 'utf8') + readFileSync(path, 'utf8');
  expect(both.trimEnd().split('\n').at(-1)).toMatch(/^line 999 /);
  expect(both.trimEnd().split('\n').length).toBeGreaterThan(90);
});
