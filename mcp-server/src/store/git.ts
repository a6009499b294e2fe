import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { errorCode, LabError } from '../core/errors.js';

/**
 * Nothing of the user's set-up may run or change on our account: no hooks, no file-system monitor, no signing, no shared
 * index files, no reflog entries, no replaced objects.
 */
const QUIET = [
  '--no-replace-objects',
  ...[
    'core.hooksPath=/dev/null',
    'core.fsmonitor=false',
    'core.splitIndex=false',
    'core.logAllRefUpdates=false',
  ],
  ...['core.quotePath=false', 'commit.gpgSign=false', 'gc.auto=0', 'maintenance.auto=false'],
].flatMap((setting) => (setting.startsWith('-') ? [setting] : ['-c', setting]));

/** What git sets for its hooks: we may be started from one and must not work on that repository's index. */
const LOCAL_ENV =
  /^GIT_(?:DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|PREFIX|CONFIG|CONFIG_PARAMETERS|CONFIG_COUNT|NAMESPACE|SHALLOW_FILE|GRAFT_FILE|REPLACE_REF_BASE|IMPLICIT_WORK_TREE|INTERNAL_SUPER_PREFIX|EXTERNAL_DIFF|LITERAL_PATHSPECS|GLOB_PATHSPECS|NOGLOB_PATHSPECS|ICASE_PATHSPECS|TRACE.*)$/;

/** 200 MiB of code and what git says about it. */
const MAX_OUTPUT = 512 * 1024 * 1024;

export interface GitOptions {
  input?: string | Buffer;
  /** A private index; the user's is never written. */
  index?: string;
  /** Of a commit; ISO 8601. The same content on the same date is the same commit. */
  date?: string;
  /** Milliseconds; git is ended when it takes longer, which is an error. */
  timeoutMs?: number;
}

export interface GitResult {
  code: number;
  stdout: Buffer;
  stderr: string;
}

/** Runs git in a folder and resolves for any exit code; 127 where there is no git. */
export function tryGit(cwd: string, args: readonly string[], options: GitOptions = {}): Promise<GitResult> {
  return new Promise((answer, reject) => {
    const child = execFile(
      'git',
      [...QUIET, ...args],
      {
        cwd,
        env: gitEnv(options),
        encoding: 'buffer',
        maxBuffer: MAX_OUTPUT,
        windowsHide: true,
        timeout: options.timeoutMs ?? 0,
      },
      (error, stdout, stderr) => {
        if (error === null) return answer({ code: 0, stdout, stderr: stderr.toString('utf8') });
        if (typeof error.code === 'number')
          return answer({ code: error.code, stdout, stderr: stderr.toString('utf8') });
        if (errorCode(error) === 'ENOENT') return answer({ code: 127, stdout, stderr: error.message });
        reject(
          new LabError(
            `git ${args[0] ?? ''} failed: ${error.message}`,
            'run it by hand in the project folder to see why',
            { cause: error },
          ),
        );
      },
    );
    // A git that ends early closes its input; its exit code tells the rest.
    child.stdin?.on('error', (error) => {
      if (errorCode(error) !== 'EPIPE') reject(error);
    });
    child.stdin?.end(options.input ?? '');
  });
}

/** Standard output of git; throws LabError with what git says when it fails. */
export async function git(cwd: string, args: readonly string[], options: GitOptions = {}): Promise<Buffer> {
  const { code, stdout, stderr } = await tryGit(cwd, args, options);
  if (code === 0) return stdout;
  const said = stderr.trim().split('\n')[0] ?? '';
  throw new LabError(
    `git ${args[0] ?? ''} failed: ${said.slice(0, 300)}`,
    'the snapshot of the code needs it: mend the repository (git fsck) or free some disk space',
  );
}

function gitEnv({ index, date }: GitOptions): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !LOCAL_ENV.test(name));
  const who = { NAME: 'auto-experiment', EMAIL: 'auto-experiment@localhost' };
  return {
    ...Object.fromEntries(inherited),
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    GIT_NO_LAZY_FETCH: '1',
    LC_ALL: 'C',
    GIT_AUTHOR_NAME: who.NAME,
    GIT_AUTHOR_EMAIL: who.EMAIL,
    GIT_COMMITTER_NAME: who.NAME,
    GIT_COMMITTER_EMAIL: who.EMAIL,
    ...(index === undefined ? {} : { GIT_INDEX_FILE: index }),
    ...(date === undefined ? {} : { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }),
  };
}

/** Where a project stands in a repository. */
export interface GitPlace {
  /** Commit of HEAD; null before the first commit. */
  head: string | null;
  format: 'sha1' | 'sha256';
  /** Folder of refs for this project: several projects and work trees may share one repository. */
  refs: string;
  /** Folder of the project in the repository, with a `/` at its end; empty where it is the repository itself. */
  prefix: string;
}

/** Null when the project is in no repository, git is not there, git refuses it, or the repository ignores the project. */
export async function gitPlace(project: string): Promise<GitPlace | null> {
  const asked = [
    '--show-toplevel',
    '--absolute-git-dir',
    '--git-common-dir',
    '--show-object-format',
    '--show-prefix',
  ];
  const { code, stdout } = await tryGit(project, ['rev-parse', ...asked]);
  if (code !== 0) return null;
  const [top = '', gitDir = '', common = '', format = '', prefix = ''] = stdout.toString('utf8').split('\n');
  if (prefix !== '' && (await tryGit(top, ['check-ignore', '-q', '--', prefix])).code === 0) return null;
  const head = await tryGit(project, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
  const linked = realpathSync(gitDir) !== realpathSync(resolve(project, common));
  const key = [...(linked ? [basename(gitDir)] : []), ...(prefix === '' ? [] : [prefix])].join('/');
  return {
    head: head.code === 0 ? head.stdout.toString('utf8').trim() : null,
    format: format === 'sha256' ? 'sha256' : 'sha1',
    prefix,
    refs: key === '' ? 'refs/auto-experiment' : `refs/auto-experiment/${slug(key)}`,
  };
}

function slug(key: string): string {
  const name = key
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40);
  return `${name}-${createHash('sha256').update(key).digest('hex').slice(0, 8)}`;
}
