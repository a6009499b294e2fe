import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Json, makeProject, runProcess, type TestProject, until } from '../support/project.js';

// What is written down of what a run ran in: an interpreter with packages of our own making, asked and never loaded.

let project: TestProject;
const at = (...parts: string[]): string => join(project.root, ...parts);
const SECRET = 'hf_abcdefghijklmnopqrstuvwxyz0123456789';

const CONFIG = `experiment:
  mandatory_dry_run: false
  env: {PYTHONPATH: site, OMP_NUM_THREADS: 2, SOME_SETTING: ${SECRET}}
  data: [lists, nothing-here]
`;
beforeEach(() => {
  project = makeProject(
    {
      'PROJECT_BRIEF.md': 'Improve it.',
      'config.yaml': CONFIG,
      'train.py': 'print("val_acc=0.5")\n',
      'lists/a.txt': 'one\n',
      // Imported or not is seen by this file, and a name of the standard library that is not to be shadowed.
      'site/torch/__init__.py': 'open("imported", "w")\n',
      'json.py': 'raise RuntimeError("a module of the project")\n',
    },
    { HF_TOKEN: SECRET },
  );
  installTorch('2.3.0+cu121');
});
afterEach(() => project.end());

function installTorch(version: string): void {
  rmSync(at('site/torch-1.dist-info'), { recursive: true, force: true });
  mkdirSync(at('site/torch-1.dist-info'));
  writeFileSync(
    at('site/torch-1.dist-info/METADATA'),
    `Metadata-Version: 2.1\nName: torch\nVersion: ${version}\n`,
  );
}

const PYTHON = await runProcess(['python3', '-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3])'], {
  cwd: '/',
  env: process.env,
});

/** A run to its end, and what was kept of its environment. */
async function ran(...command: string[]): Promise<Json> {
  const { id } = await project.json('launch', '--', ...command);
  await project.json('wait', id);
  const path = at('workspace/runs', id, 'environment.json');
  await until(() => existsSync(path) && statSync(path).size > 0);
  return JSON.parse(readFileSync(path, 'utf8'));
}

describe('the environment of a run', () => {
  it('is written down without a secret, and without loading a package', async () => {
    const kept = await ran('python3', 'train.py');
    expect(kept).toMatchObject({
      python: { version: PYTHON.stdout.trim(), how: 'command' },
      packages: { torch: '2.3.0+cu121' },
      variables: { OMP_NUM_THREADS: '2' },
      gpus: [],
      git: null,
      notes: [],
    });
    expect(kept.system).toContain('Linux');
    expect(kept.data).toEqual([
      { glob: 'lists', files: 1, bytes: 4, hash: expect.any(String), by: 'content', why: null },
      { glob: 'nothing-here', files: 0, bytes: 0, hash: null, by: 'content', why: 'it means no file' },
    ]);
    expect(existsSync(at('imported'))).toBe(false);
    expect(JSON.stringify(kept)).not.toContain(SECRET);
  });

  it('is compared: packages, data, git, variables', async () => {
    await ran('python3', 'train.py');
    await ran('python3', 'train.py');
    const same = await project.json('compare', 'exp001', 'exp002');
    expect(same.environment).toEqual([{ from: 'exp001', to: 'exp002', differences: [] }]);

    installTorch('2.4.1');
    writeFileSync(at('lists/a.txt'), 'two\n');
    writeFileSync(at('config.yaml'), CONFIG.replace('OMP_NUM_THREADS: 2', 'OMP_NUM_THREADS: 4'));
    await ran('python3', 'train.py');
    const { environment } = await project.json('compare', 'exp001', 'exp003');
    expect(environment[0].differences).toEqual([
      'torch 2.3.0+cu121 → 2.4.1',
      'OMP_NUM_THREADS 2 → 4',
      'data lists: 1 file(s), 4 bytes → 1 file(s), 4 bytes, not the same by content',
    ]);
    const { stdout } = await project.run('compare', 'exp001', 'exp003');
    expect(stdout).toContain('environment exp001 → exp003: \n  torch 2.3.0+cu121 → 2.4.1\n');
  });

  it('knows the state of the repository', async () => {
    const git = (...args: string[]) =>
      runProcess(['git', '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
        cwd: project.root,
        env: process.env,
      });
    await git('init', '-q', '-b', 'trunk');
    await git('add', 'train.py');
    await git('commit', '-qm', 'first');
    const head = (await git('rev-parse', 'HEAD')).stdout.trim();
    expect((await ran('python3', 'train.py')).git).toEqual({ head, branch: 'trunk', dirty: false });
    writeFileSync(at('train.py'), 'print("val_acc=0.6")\n');
    await git('checkout', '-q', '--detach');
    expect((await ran('python3', 'train.py')).git).toEqual({ head, branch: null, dirty: true });
  });

  it('a script says which interpreter it is of; a shell does not', async () => {
    mkdirSync(at('bin'));
    const real = (
      await runProcess(['sh', '-c', 'command -v python3'], { cwd: '/', env: process.env })
    ).stdout.trim();
    writeFileSync(at('bin/python3.77'), `#!/bin/sh\nexec ${real} "$@"\n`, { mode: 0o755 });
    writeFileSync(at('bin/launcher'), `#!${at('bin/python3.77')}\nprint("val_acc=0.5")\n`, { mode: 0o755 });
    expect((await ran('bin/launcher')).python).toMatchObject({
      how: 'script',
      version: PYTHON.stdout.trim(),
    });
    expect((await ran('sh', '-c', 'echo val_acc=0.5')).python).toMatchObject({ how: 'path' });
    writeFileSync(at('bin/python3.78'), '#!/bin/sh\necho broken; exit 3\n', { mode: 0o755 });
    const broken = await ran('bin/python3.78');
    expect(broken.python).toBeNull();
    expect(broken.notes.join()).toContain('gave no answer (exit code 3)');
  });
});
