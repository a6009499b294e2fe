import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Json, Ran } from '../support/project.js';
import { makeSshProject, type SshProject } from '../support/ssh-project.js';
import type { SshdOptions } from '../support/sshd.js';

// `execution.sync`: the code of this computer is brought to the host before each launch.

let project: SshProject;
afterEach(() => project?.end());

const here = (...parts: string[]): string => join(project.root, ...parts);
const there = (...parts: string[]): string => join(project.there, ...parts);
const write = (path: string, text: string): void => {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
};
const TRAIN = 'cat lib/message.txt; [ ! -e data ] || cat data/set; echo "in $PWD"; echo "val_acc=0.5"\n';
const open = async (options: SshdOptions = {}): Promise<void> => {
  project = await makeSshProject(
    { 'config.yaml': 'experiment: {mandatory_dry_run: false, metric: val_acc, direction: maximize}\n' },
    { ...options, execution: ', sync: rsync' },
  );
  write(here('train.sh'), TRAIN);
  chmodSync(here('train.sh'), 0o755);
  write(here('lib/message.txt'), 'first\n');
  write(here('it’s a $name'), 'odd\n');
  symlinkSync('lib/message.txt', here('link'));
  write(here('.gitignore'), 'secret.txt\nscratch/\n');
  write(here('secret.txt'), 'ignored\n');
  write(here('scratch/big'), 'ignored\n');
  execFileSync('git', ['init', '-q'], { cwd: project.root });
};
const launch = async (): Promise<{ log: string; run: Json; said: Ran['stderr'] }> => {
  const { stdout, stderr, code } = await project.run('launch', '--json', '--', './train.sh');
  if (code !== 0) throw new Error(stderr);
  const run = await project.json('wait', JSON.parse(stdout).id);
  return { log: readFileSync(run.log, 'utf8'), run, said: stderr };
};

describe('the first sync', () => {
  it.each<[string, SshdOptions & { without?: boolean }]>([
    ['with rsync', {}],
    ['without rsync on the host', { without: true }],
    ['with a host that greets', { greeting: 'Welcome', loginShell: '/bin/bash' }],
  ])(
    '%s brings the code, and neither what git ignores nor the workspace',
    async (_, { without, ...options }) => {
      await open(options);
      rmSync(project.there, { recursive: true });
      if (without) {
        write(join(project.bin, 'rsync'), '#!/bin/sh\nexit 127\n');
        chmodSync(join(project.bin, 'rsync'), 0o755);
      }
      const { log, run } = await launch();
      expect(log).toBe(`first\nin ${project.there}\nval_acc=0.5\n`);
      expect(run.ending).toBe('succeeded');
      expect(readdirSync(project.there).sort()).toEqual(
        ['.auto-experiment', '.gitignore', 'config.yaml', 'it’s a $name', 'lib', 'link', 'train.sh'].sort(),
      );
      expect(readFileSync(there('link'), 'utf8')).toBe('first\n');
      write(here('lib/message.txt'), 'second\n');
      expect((await launch()).log).toContain('second\n');
    },
  );
});

describe('what lies on the host', () => {
  it('is never deleted, and what somebody changed there is left: the run starts from the code of here, in a copy', async () => {
    await open();
    write(there('data/set'), 'samples\n');
    await launch();
    write(there('lib/message.txt'), 'edited there\n');
    rmSync(here('link'));
    const { log, run, said } = await launch();
    expect(said).toContain('lib/message.txt was changed on gpu1 and was left as it is');
    expect(said).toContain('link is no longer here and stays on gpu1');
    expect(log).toMatch(
      new RegExp(`^first\nsamples\nin ${project.there}/\\.auto-experiment/code/[0-9a-f]{24}\n`),
    );
    expect(run.ending).toBe('succeeded');
    expect(readFileSync(there('lib/message.txt'), 'utf8')).toBe('edited there\n');
    expect(existsSync(there('link'))).toBe(true);
  });

  it('is replaced where it is older and was there before the first sync, and that is said', async () => {
    await open();
    write(there('lib/message.txt'), 'an old copy\n');
    utimesSync(there('lib/message.txt'), 1000, 1000);
    const { log, said } = await launch();
    expect(said).toContain('lib/message.txt on gpu1 was older and was replaced');
    expect(log).toContain('first\n');
  });

  it('a folder or a link in the way is told, and nothing is written through it', async () => {
    await open();
    mkdirSync(join(project.bin, 'elsewhere'));
    symlinkSync(join(project.bin, 'elsewhere'), there('lib'));
    const { code, stderr } = await project.run('launch', '--', './train.sh');
    expect([code, stderr]).toEqual([1, expect.stringContaining('lib is a link on gpu1')]);
    expect(readdirSync(join(project.bin, 'elsewhere'))).toEqual([]);
  });
});
