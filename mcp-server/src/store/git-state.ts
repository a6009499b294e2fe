import { gitPlace, tryGit } from './git.js';

export interface GitState {
  head: string | null;
  /** Null for a detached head. */
  branch: string | null;
  /** Whether tracked files differ from the head. */
  dirty: boolean | null;
}

/** Where the repository of a project stands; null when it is in none. Throws LabError when git takes longer than allowed. */
export async function gitState(project: string, timeoutMs: number): Promise<GitState | null> {
  const place = await gitPlace(project);
  if (place === null) return null;
  const branch = await tryGit(project, ['symbolic-ref', '--quiet', '--short', 'HEAD'], { timeoutMs });
  const status = await tryGit(project, ['status', '--porcelain', '--untracked-files=no'], { timeoutMs });
  return {
    head: place.head,
    branch: branch.code === 0 ? branch.stdout.toString('utf8').trim() : null,
    dirty: status.code === 0 ? status.stdout.length > 0 : null,
  };
}
