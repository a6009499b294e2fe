import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeProject, runProcess, type TestProject } from '../support/project.js';

const KEY = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';
const SECRET = 'a-secret-of-this-user-77';
const LONG = `${'deep/'.repeat(24)}settings_with_a_long_name_and_übers.txt`;

let project: TestProject;
let folder: string;
beforeEach(() => {
  project = makeProject(
    {
      'PROJECT_BRIEF.md': 'Improve it.\n',
      'config.yaml':
        'experiment: {metric: val_acc, direction: maximize, data: numbers.csv}\ngpu: {auto_detect: false}\n',
      'train.py': `import os, sys
token = "${KEY}"
print("token", os.environ.get("MY_TOKEN", "none"))
print("epoch 1/1 val_acc=%s" % (float(sys.argv[1]) + int(os.environ["SEED"]) % 1))
`,
      'run.sh': '#!/bin/sh\nexport SEED="$1"\nexec python3 train.py "$2"\n',
      'numbers.csv': '1,2\n',
      [LONG]: 'x\n',
    },
    { MY_TOKEN: SECRET },
  );
  chmodSync(join(project.root, 'run.sh'), 0o755);
  symlinkSync('train.py', join(project.root, 'link.py'));
  writeFileSync(
    join(project.root, 'config.yaml'),
    `${readFileSync(join(project.root, 'config.yaml'), 'utf8').replace('data:', 'pass_env: [MY_TOKEN], data:')}`,
  );
  folder = mkdtempSync(join(tmpdir(), 'ae-bundle-'));
});
afterEach(async () => {
  await project.end();
  rmSync(folder, { recursive: true });
});

describe('bundle', () => {
  it('holds all that it takes to run a run again, and no secret', async () => {
    await project.json('launch', '--', './run.sh', '{seed}', '0.75');
    const run = await project.json('wait');
    expect(run.ending).toBe('succeeded');
    expect(readFileSync(run.log, 'utf8')).toContain(SECRET);
    const bundle = await project.json('bundle', 'exp001');
    expect(bundle).toMatchObject({
      run: 'exp001',
      file: join(project.root, 'workspace/bundles/exp001.tar.gz'),
      redacted: ['code/train.py'],
      left_out: [],
    });
    // The ordinary tool unpacks it.
    execFileSync('tar', ['-xzf', bundle.file, '-C', folder]);
    const read = (name: string): string => readFileSync(join(folder, 'exp001', name), 'utf8');
    const listed = execFileSync('tar', ['-tzf', bundle.file], { encoding: 'utf8' }).trim().split('\n');
    expect(listed).toHaveLength(bundle.files);
    for (const name of listed) {
      const text = readFileSync(join(folder, name), 'utf8');
      expect(text, name).not.toContain(KEY);
      expect(text, name).not.toContain(SECRET);
    }
    expect(read('log')).toContain('token [redacted]');
    expect(read(`code/${LONG}`)).toBe('x\n');
    expect(readlinkSync(join(folder, 'exp001/code/link.py'))).toBe('train.py');
    expect(JSON.parse(read('run.json'))).toMatchObject({ id: 'exp001', command: run.command });
    expect(read('ledger.jsonl')).toContain('"kind":"launch"');
    const readme = read('README.md');
    expect(readme).toContain(`cd code\n./run.sh ${run.seed ?? ''}`.trim());
    expect(readme).toMatch(/data numbers\.csv: 1 files, 4 bytes, sha256 [0-9a-f]{64} by content/);
    expect(readme).toContain('code/train.py');
    // What the README says gives the same result again.
    const again = await runProcess(run.command, { cwd: join(folder, 'exp001/code'), env: process.env });
    expect(again.stdout).toContain('val_acc=0.75');
  });

  it('is replaced below the workspace, and never written over a file of the user’s', async () => {
    await project.json('launch', '--', './run.sh', '1', '0.5');
    await project.json('wait');
    const first = await project.json('bundle');
    expect((await project.json('bundle')).file).toBe(first.file);
    const mine = join(folder, 'mine.tar.gz');
    writeFileSync(mine, 'mine');
    expect(await project.run('bundle', 'exp001', '--into', mine)).toMatchObject({ code: 1 });
    expect(readFileSync(mine, 'utf8')).toBe('mine');
    expect((await project.json('bundle', '--into', join(folder, 'new.tar.gz'))).bytes).toBeGreaterThan(500);
  });

  it('says what is not there', async () => {
    expect((await project.run('bundle')).stderr).toContain('nothing has run yet');
    expect(await project.run('bundle', 'exp009')).toMatchObject({ code: 1 });
    expect(existsSync(join(project.root, 'workspace/bundles'))).toBe(false);
  });
});
