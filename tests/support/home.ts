import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { buildProgram } from '../../scripts/bundle.mjs';
import { type Ran, runProcess } from './project.js';

/** What the package in these tests holds: skills, agents and hooks as the real one has them. */
const PACKAGE_FILES: Record<string, string> = {
  'skills/auto-experiment/SKILL.md':
    '---\nname: auto-experiment\ndescription: Runs experiments. Use it to run experiments.\n---\nRun them.\n',
  'skills/auto-experiment/agents/openai.yaml': 'policy: { allow_implicit_invocation: true }\n',
  'skills/gpu-status/SKILL.md':
    '---\nname: gpu-status\ndescription: Shows GPUs. Use it to see GPUs.\n---\nShow them.\n',
  'agents/leader.md': '---\nname: leader\ndescription: Decides. Use it to decide.\n---\nDecide.\n',
  'hooks/hooks.json': `${JSON.stringify({
    hooks: {
      SessionStart: [
        {
          matcher: 'startup|resume|compact',
          hooks: [
            {
              type: 'command',
              command: `node "$${'{CLAUDE_PLUGIN_ROOT}'}/mcp-server/plugin/server.cjs" --version`,
              timeout: 10,
            },
          ],
        },
      ],
    },
  })}\n`,
};

let built: Promise<Map<string, Uint8Array>> | undefined;

/** A clone without node_modules in a folder with spaces, and an empty home beside it. */
export interface Machine {
  folder: string;
  clone: string;
  home: string;
  /** Environment of the commands: this home alone, and programs from `bin` before those of the system. */
  env: Record<string, string>;
  /** `install.sh` of the clone. */
  install(...args: string[]): Promise<Ran>;
  /** `auto-experiment` of the clone. */
  cli(...args: string[]): Promise<Ran>;
  write(files: Record<string, string>): void;
  read(name: string): string;
  /** Every entry of the home: kind, permissions, content. */
  snapshot(): Record<string, string>;
  end(): void;
}

export async function makeMachine(): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), 'auto experiment home '));
  const [clone, home, bin] = [join(folder, 'a clone'), join(folder, 'home'), join(folder, 'bin')];
  const write = (files: Record<string, string>, root = home): void => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(root, name, '..'), { recursive: true });
      writeFileSync(join(root, name), text);
    }
  };
  mkdirSync(join(clone, 'mcp-server/plugin'), { recursive: true });
  mkdirSync(home);
  mkdirSync(bin);
  built ??= buildProgram('server.cjs');
  for (const [name, bytes] of await built) writeFileSync(join(clone, 'mcp-server/plugin', name), bytes);
  for (const name of ['install.sh', 'package.json']) cpSync(name, join(clone, name));
  write(PACKAGE_FILES, clone);
  symlinkSync(process.execPath, join(bin, 'node'));
  const env = { HOME: home, PATH: [bin, '/usr/bin', '/bin'].join(delimiter), NO_COLOR: '1', TERM: 'dumb' };
  const program = join(clone, 'mcp-server/plugin/server.cjs');
  return {
    folder,
    clone,
    home,
    env,
    write: (files) => write(files),
    read: (name) => readFileSync(join(home, name), 'utf8'),
    install: (...args) => runProcess([join(clone, 'install.sh'), ...args], { cwd: folder, env }),
    cli: (...args) => runProcess([process.execPath, program, ...args], { cwd: folder, env }),
    snapshot: () => snapshot(home),
    end: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Every entry below a folder: kind, permissions and content. */
export function snapshot(root: string): Record<string, string> {
  const entries = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    entries.map((name) => {
      const path = join(root, name);
      const stat = lstatSync(path);
      const mode = (stat.mode & 0o777).toString(8);
      if (stat.isSymbolicLink()) return [name, `link ${readlinkSync(path)}`];
      return [name, stat.isDirectory() ? `folder ${mode}` : `file ${mode} ${readFileSync(path, 'latin1')}`];
    }),
  );
}

/** A program in the machine's own `bin`. */
export function addProgram({ folder }: Machine, name: string, text: string): void {
  const path = join(folder, 'bin', name);
  rmSync(path, { force: true });
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

/** The clone as a repository that can be cloned from. */
export function commitClone({ clone }: Machine): void {
  const git = (...args: string[]) =>
    execFileSync(
      'git',
      ['-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'init.defaultBranch=main', ...args],
      {
        cwd: clone,
        env: { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
        stdio: 'pipe',
      },
    );
  git('init', '-q');
  git('add', '-A');
  git('commit', '-qm', 'all');
}
