import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Json, until } from '../support/project.js';
import { type Network, startNetwork } from '../support/proxy.js';
import { makeSshProject, type SshProject } from '../support/ssh-project.js';
import { freePort, type SshdOptions } from '../support/sshd.js';

// What goes wrong between two machines, each with its real cause: nothing is lost, nothing is started twice, and a person is told.

let project: SshProject | undefined;
let network: Network | undefined;
let disk: string | undefined;
afterEach(async () => {
  network?.mend();
  await project?.end();
  await network?.end();
  if (disk !== undefined) spawnSync('umount', ['-l', disk]);
  if (disk !== undefined) rmSync(disk, { recursive: true, force: true });
  project = undefined;
  network = undefined;
  disk = undefined;
});

const CONFIG =
  'experiment: {mandatory_dry_run: false, metric: val_acc, direction: maximize, stop_grace: 1}\n';
const open = async (options: SshdOptions & { there?: string } = {}): Promise<SshProject> => {
  project = await makeSshProject({ 'config.yaml': CONFIG }, options);
  return project;
};
const HOLD = [
  'sh',
  '-c',
  'echo "begun $$"; while [ -d "$PWD" ] && [ ! -e go ]; do sleep 0.05; done; echo "val_acc: 0.75"',
];
const noteOf = async ({ json }: SshProject, id: string): Promise<string> =>
  (await json('status')).runs.find((one: Json) => one.id === id)?.note ?? '';
const told = async (at: SshProject, id: string, words: RegExp): Promise<string> => {
  for (;;) {
    const note = await noteOf(at, id);
    if (words.test(note)) return note;
    await new Promise((next) => setTimeout(next, 100));
  }
};
/** The run came to its end once, and all that it printed is here once. */
const whole = async (at: SshProject, run: Json): Promise<void> => {
  expect(await at.json('wait', run.id)).toMatchObject({ ending: 'succeeded', primary: { value: 0.75 } });
  expect(readFileSync(run.log, 'utf8')).toMatch(/^begun \d+\nval_acc: 0.75\n$/);
};

describe('a network that lets nothing through for half a minute', () => {
  it('is told, the run goes on there, and all of it is caught up with', { timeout: 180_000 }, async () => {
    const port = await freePort();
    const between = await startNetwork(() => port);
    network = between;
    const at = await open({ port, through: () => between.port });
    const run = await at.json('launch', '--', ...HOLD);
    await until(() => readFileSync(run.log, 'utf8').includes('begun'));
    between.cut();
    const note = await told(at, run.id, /unreachable/);
    expect(note).toMatch(
      /^gpu1 is unreachable since \d{4}-\d\d-\d\dT[\d:]+Z: gpu1 did not answer within 30 s; /,
    );
    writeFileSync(join(at.there, 'go'), '');
    await new Promise((next) => setTimeout(next, 1000));
    expect(await at.json('status')).toMatchObject({ runs: [{ state: 'running', ending: null }] });
    between.mend();
    await whole(at, run);
  });
});

describe('a host whose key changes while a run is there', () => {
  it('is not spoken to any more, and the words say why; with its own key again all is caught up with', async () => {
    const at = await open();
    const run = await at.json('launch', '--', ...HOLD);
    await until(() => readFileSync(run.log, 'utf8').includes('begun'));
    const key = join(at.server.folder, 'host');
    copyFileSync(key, `${key}.kept`);
    at.server.changeHostKey();
    await at.server.stop();
    await at.server.start();
    const note = await told(at, run.id, /host key/);
    expect(note).toMatch(
      /unreachable since .*: the host key of gpu1 is not the one that is known \(SHA256:.*ssh-keygen -R/,
    );
    copyFileSync(`${key}.kept`, key);
    await at.server.stop();
    await at.server.start();
    writeFileSync(join(at.there, 'go'), '');
    await whole(at, run);
  });
});

describe('a host that asks for a second factor', () => {
  const SECOND = 'AuthenticationMethods publickey,password\nPasswordAuthentication yes';

  it('is refused in words, and doctor shows how to open the shared connection', async () => {
    const at = await open({ config: SECOND });
    const launched = await at.run('launch', '--', 'true');
    expect([launched.code, launched.stderr]).toEqual([
      1,
      expect.stringContaining('gpu1 did not accept any key'),
    ]);
    expect(launched.stderr).toContain('second factor');
    const { checks } = JSON.parse((await at.run('doctor', '--json')).stdout);
    const host = checks.find((check: Json) => check.name === 'host');
    expect(host.hint).toMatch(/ControlMaster auto.*ControlPath.*ControlPersist.*ssh gpu1 true/);
  });

  it('is used through the connection that a person opened by hand', async () => {
    const at = await open({
      client: `Host gpu1\n  ControlMaster auto\n  ControlPath ${tmpdir()}/ae-cm-%C\n  ControlPersist 60`,
    });
    // With the factor, as a person does it; then nobody is let in without one.
    execFileSync('ssh', ['gpu1', 'true'], { env: { ...process.env, ...at.env }, stdio: 'ignore' });
    await at.server.reconfigure(SECOND);
    const run = await at.json('launch', '--', ...HOLD);
    writeFileSync(join(at.there, 'go'), '');
    await whole(at, run);
    spawnSync('ssh', ['-O', 'exit', 'gpu1'], { env: { ...process.env, ...at.env }, stdio: 'ignore' });
  });
});

describe('a full disk there', () => {
  /** The project's folder on a disk of its own; null where mounting is not allowed. */
  const tmpfs = (options: string): string | null => {
    disk = mkdtempSync(join(tmpdir(), 'ae-full-there-'));
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk]).status !== 0) return null;
    mkdirSync(join(disk, 'project'));
    return join(disk, 'project');
  };
  const fill = (folder: string): void => {
    spawnSync(
      'sh',
      ['-c', 'cat /dev/zero > "$1/ballast" 2> /dev/null; cat /dev/zero >> "$1/ballast"', 'sh', folder],
      {
        stdio: 'ignore',
      },
    );
    expect(statfsSync(folder).bfree).toBe(0);
  };

  it('keeps a run waiting with words, and it starts once when there is space', async ({ skip }) => {
    const folder = tmpfs('size=1m,nr_inodes=16');
    if (folder === null) return skip('mounting needs root and its rights');
    const at = await open({ there: folder });
    // No folder can be made: on this kind of disk that takes an inode, and no block.
    const ballast = Array.from({ length: 16 }, (_, index) => join(folder, '..', `ballast${index}`));
    spawnSync('sh', ['-c', 'for f; do : > "$f"; done', 'sh', ...ballast], { stdio: 'ignore' });
    const run = await at.json('launch', '--', ...HOLD);
    const note = await told(at, run.id, /disk/);
    expect(note).toMatch(/^waiting for gpu1: gpu1: the disk there is full; free some space there/);
    expect((await at.json('status')).runs[0]).toMatchObject({ ending: null });
    for (const one of ballast) rmSync(one, { force: true });
    await until(() => existsSync(run.log) && readFileSync(run.log, 'utf8').includes('begun'));
    writeFileSync(join(folder, 'go'), '');
    await whole(at, run);
  });

  it('that fills under a run costs neither its ending nor what it printed before', async ({ skip }) => {
    const folder = tmpfs('size=1m');
    if (folder === null) return skip('mounting needs root and its rights');
    const at = await open({ there: folder });
    const script =
      'echo "val_acc: 0.5"; while [ ! -e ballast ]; do sleep 0.05; done; sleep 0.3; head -c 200000 /dev/zero > checkpoint || { echo "could not save" >&2; exit 9; }';
    const run = await at.json('launch', '--', 'sh', '-c', script);
    await until(() => readFileSync(run.log, 'utf8').includes('val_acc'));
    fill(folder);
    const ended = await at.json('wait', run.id);
    expect(ended).toMatchObject({ ending: 'failed', exit_code: 9, metrics: { val_acc: { last: 0.5 } } });
  });
});
