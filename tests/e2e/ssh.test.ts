import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectMcp } from '../support/mcp-client.js';
import {
  eventually,
  insertJson,
  type Json,
  MAIN,
  makeProject,
  runProcess,
  type TestProject,
  until,
} from '../support/project.js';
import { type Sshd, type SshdOptions, startSshd } from '../support/sshd.js';

// A real sshd on loopback; the controller's folder and the host's folder are two different ones.

let server: Sshd;
let there: string;
let project: TestProject;
let bin: string;
/** Of whoever works on this side. */
let env: Record<string, string>;

beforeEach(() => {
  there = mkdtempSync(join(tmpdir(), 'ae-there-'));
  bin = mkdtempSync(join(tmpdir(), 'ae-bin-'));
});
afterEach(async () => {
  // A run that a failed test left behind ends by itself: every one of them waits for a file of this folder.
  rmSync(there, { recursive: true, force: true, maxRetries: 5 });
  await project?.end();
  await server?.end();
  rmSync(bin, { recursive: true, force: true });
});

const open = async (config = '', options: SshdOptions = {}): Promise<void> => {
  server = await startSshd({ bin, ...options });
  env = Object.fromEntries(
    Object.entries(server.env).map(([name, value]): [string, string] => [name, value ?? '']),
  );
  project = makeProject(
    {
      'config.yaml': `execution: {mode: ssh, ssh_host: gpu1, remote_workspace: ${there}}\nexperiment: {metric: val_acc, direction: maximize, stop_grace: 1, max_parallel: 4${config}}\n`,
    },
    env,
  );
};
/** Prints, waits for the file `go`, and ends with a metric. Ends also when its folder is gone. */
const HOLD = [
  'sh',
  '-c',
  'echo "in $PWD on $AUTO_EXPERIMENT_RUN_DIR"; while [ -d "$PWD" ] && [ ! -e go ]; do sleep 0.05; done; echo "val_acc: 0.75"',
];
const viewOf = async (id: string): Promise<Json> =>
  (await project.json('status')).runs.find((one: Json) => one.id === id);
const go = (): void => writeFileSync(join(there, 'go'), '');

describe('runs on a host over SSH', () => {
  it('are launched, followed, waited for and judged from here', async () => {
    await open('', { loginShell: '/usr/bin/tcsh', greeting: 'Welcome' });
    const run = await project.json('launch', '--', ...HOLD);
    await until(() => readFileSync(run.log, 'utf8').includes('in '));
    expect(await viewOf(run.id)).toMatchObject({ state: 'running', note: null });
    expect((await project.run('logs', run.id)).stdout).toContain(`in ${there}`);
    go();
    const ended = await project.json('wait', run.id);
    expect(ended).toMatchObject({
      state: 'ended',
      ending: 'succeeded',
      exit_code: 0,
      primary: { value: 0.75 },
    });
    expect(readFileSync(run.log, 'utf8')).toMatch(/^in .*\nval_acc: 0.75\n$/);
    expect(existsSync(join(there, '.auto-experiment', '.gitignore'))).toBe(true);
  });

  it('are run in the same way where there is no program ssh', async () => {
    await open();
    const path = join(bin, 'no-ssh');
    mkdirSync(path);
    for (const name of ['git', 'sh', 'env', 'python3']) symlinkSync(`/usr/bin/${name}`, join(path, name));
    const env = { ...server.env, PATH: path, HOME: server.home };
    const cli = async (...args: string[]): Promise<Json> => {
      const ran = await runProcess([process.execPath, MAIN, ...insertJson(args)], {
        cwd: project.root,
        env: { ...env, AUTO_EXPERIMENT_STATE_DIR: join(bin, 'state') },
      });
      if (ran.code !== 0) throw new Error(`${ran.code}: ${ran.stderr}`);
      return JSON.parse(ran.stdout);
    };
    writeFileSync(join(there, 'train.sh'), HOLD[2] ?? '');
    const run = await cli('launch', '--', 'sh', 'train.sh');
    await until(() => readFileSync(run.log, 'utf8').includes('in '));
    go();
    expect(await cli('wait', run.id)).toMatchObject({ ending: 'succeeded', primary: { value: 0.75 } });
  });

  it('of a project of the Python original go on with its config as it is', async () => {
    await open();
    const key = join(server.folder, 'user');
    const args = `-p ${server.port} -i ${key} -o UserKnownHostsFile=${server.folder}/known_hosts -o IdentitiesOnly=yes`;
    writeFileSync(
      join(project.root, 'config.yaml'),
      `project: {name: digits, brief: PROJECT_BRIEF.md, workspace: workspace}
execution:
  mode: ssh
  ssh_host: ${userInfo().username}@127.0.0.1
  remote_workspace: ${there}
  remote_python: ${join(bin, 'lab-python')}
  ssh_args: "${args}"
experiment: {mandatory_dry_run: false, metric: val_acc, direction: maximize}
`,
    );
    writeFileSync(join(bin, 'lab-python'), '#!/bin/sh\necho "val_acc: 0.625 by $*"\n', { mode: 0o755 });
    // What ssh is told to do by a project is agreed to once.
    expect((await project.run('trust')).code).toBe(0);
    const run = await project.json('launch', '--', 'python', 'train.py');
    expect(await project.json('wait', run.id)).toMatchObject({ primary: { value: 0.625 } });
    expect(readFileSync(run.log, 'utf8')).toContain('by train.py');
  });

  it('are stopped there, and failures told with their code', async () => {
    await open();
    const run = await project.json(
      'launch',
      '--',
      'sh',
      '-c',
      'echo $$; while [ -d "$PWD" ]; do sleep 0.05; done',
    );
    const failing = await project.json('launch', '--', 'sh', '-c', 'echo "ValueError: bad" >&2; exit 3');
    expect(await project.json('wait', failing.id)).toMatchObject({ ending: 'failed', exit_code: 3 });
    await until(() => readFileSync(run.log, 'utf8').endsWith('\n'));
    const pid = readFileSync(run.log, 'utf8').trim();
    await project.json('stop', run.id);
    expect(await project.json('wait', run.id)).toMatchObject({ ending: 'stopped' });
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  it('go on while the link is down; status says since when, and what happened meanwhile is caught up with', async () => {
    await open();
    const run = await project.json('launch', '--', ...HOLD);
    await until(() => readFileSync(run.log, 'utf8').includes('in '));
    await server.stop();
    await eventually(async () => /gpu1 is unreachable since \d{4}-/.test((await viewOf(run.id)).note ?? ''));
    expect(await viewOf(run.id)).toMatchObject({ state: 'running', ending: null });
    go();
    await until(() =>
      readFileSync(join(there, '.auto-experiment/runs', runFolder(run), 'log'), 'utf8').includes('val_acc'),
    );
    await server.start();
    expect(await project.json('wait', run.id)).toMatchObject({
      ending: 'succeeded',
      primary: { value: 0.75 },
    });
    expect(readFileSync(run.log, 'utf8').match(/^in /gm)).toHaveLength(1);
  });

  it('are refused with the remedy when the host is not the one that is known, and nothing is written', async () => {
    await open();
    server.changeHostKey();
    await server.stop();
    await server.start();
    const refused = await project.run('launch', '--', 'true');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/the host key of gpu1 is not the one that is known \(SHA256:/);
    expect(refused.stderr).toContain('ssh-keygen -R');
    expect(existsSync(join(project.root, 'workspace'))).toBe(false);
  });

  it('are refused in words for a folder, a program, a host or arguments that will not do', async () => {
    await open();
    const config = (execution: string): void =>
      writeFileSync(join(project.root, 'config.yaml'), `execution: ${execution}\n`);
    const said = async (...argv: string[]): Promise<string> =>
      (await project.run('launch', '--', ...argv)).stderr;
    expect(await said('no-such-program-here')).toContain(
      'there is no program "no-such-program-here" on gpu1',
    );
    config(`{mode: ssh, ssh_host: gpu1, remote_workspace: ${there}/absent}`);
    expect(await said('true')).toContain(`there is no folder ${there}/absent on gpu1`);
    config(`{mode: ssh, ssh_host: '-oProxyCommand=touch ${there}/pwned', remote_workspace: /tmp}`);
    expect(await said('true')).toContain('is not a host that ssh can be told');
    config(
      `{mode: ssh, ssh_host: gpu1, remote_workspace: /tmp, ssh_args: ['-oProxyCommand=touch ${there}/pwned']}`,
    );
    expect(await said('true')).toContain('you have not agreed');
    expect(existsSync(join(there, 'pwned'))).toBe(false);
  });

  it('run a dry run there first, again only when the code there has changed', async () => {
    await open(', dry_run_args: [--short]');
    const train = (text: string): void =>
      writeFileSync(join(there, 'train.sh'), `echo "${text} $1" >> seen\n`);
    train('one');
    const launch = async (): Promise<void> => {
      await project.json('wait', (await project.json('launch', '--', 'sh', 'train.sh')).id);
    };
    await launch();
    await launch();
    train('two');
    await launch();
    expect(
      readFileSync(join(there, 'seen'), 'utf8')
        .split('\n')
        .map((line) => line.trim()),
    ).toEqual(['one --short', 'one', 'one', 'two --short', 'two', '']);
  });

  it('lease the GPUs of that host, and the overview shows them', async () => {
    const uuid = 'GPU-00000000-aaaa-bbbb-cccc-dddddddddddd';
    writeFileSync(
      join(bin, 'nvidia-smi'),
      `#!/bin/sh\ncase "$*" in *--query-gpu*) echo '0, ${uuid}, NVIDIA H100 80GB HBM3, 550.54.15, P0, 31, 0, 81559, 4, 68.2, 700.00, Disabled' ;; esac\n`,
    );
    chmodSync(join(bin, 'nvidia-smi'), 0o755);
    await open();
    const run = await project.json(
      'launch',
      '--',
      'sh',
      '-c',
      'echo "CVD=$CUDA_VISIBLE_DEVICES"; while [ -d "$PWD" ] && [ ! -e go ]; do sleep 0.05; done',
    );
    await until(() => readFileSync(run.log, 'utf8').includes('CVD=0'));
    expect((await viewOf(run.id)).gpus).toEqual([uuid]);
    expect(await project.json('gpu', '--server', 'gpu1')).toMatchObject({
      machine: 'gpu1',
      error: null,
      gpus: [{ uuid, state: 'reserved' }],
    });
    // Those are the ones that new runs get, so they are what is shown where no machine is named.
    expect(await project.json('gpu')).toMatchObject({ machine: 'gpu1', gpus: [{ uuid, state: 'reserved' }] });
    expect((await project.json('gpu', '--server', 'local')).machine).not.toBe('gpu1');
    expect((await project.json('status')).gpus).toMatchObject([{ uuid, state: 'reserved' }]);
    const mcp = await connectMcp(project.root, { env });
    expect((await mcp.call('gpu_status')).data).toMatchObject({ machine: 'gpu1', gpus: [{ uuid }] });
    await mcp.close();
    const both = await project.run('gpu', '--server', 'gpu1,nowhere.invalid', '--json');
    expect(both.code).toBe(1);
    expect(JSON.parse(both.stdout)).toMatchObject([
      { error: null },
      { gpus: [], error: expect.stringContaining('nowhere.invalid') },
    ]);
    go();
    await project.json('wait', run.id);
    await server.stop();
    const { runs, gpus, warnings } = await project.json('status');
    expect(runs).toMatchObject([{ id: run.id, ending: 'succeeded' }]);
    expect([gpus, warnings]).toEqual([[], [expect.stringMatching(/^gpu1/)]]);
    expect(await project.json('gpu')).toMatchObject({ machine: 'gpu1', gpus: [], error: expect.anything() });
  });
});

const runFolder = (run: Json): string => {
  const { marker } = JSON.parse(
    readFileSync(join(project.root, 'workspace/runs', run.id, 'run.json'), 'utf8'),
  );
  return String(marker).replace('@', '-');
};
