import { join } from 'node:path';

/** Where everything of a project lies. The only place that knows the names. */
export interface ProjectPaths {
  root: string;
  brief: string;
  config: string;
  workspace: string;
  memory: string;
  directive: string;
  ledger: string;
  state: string;
  runs: string;
  reports: string;
  /** Papers that were looked at, a folder each, and what the digests have shown. */
  papers: string;
  digests: string;
  supervisor: string;
  supervisorLog: string;
  controller: string;
  receipts: string;
  stopHook: string;
  /** News, and what became of them. */
  notifications: string;
  herald: string;
  /** Which entries stand in the notes already. */
  notesState: string;
  bundles: string;
}

export function projectPaths(root: string, brief: string, workspace: string): ProjectPaths {
  const at = join(root, workspace);
  return {
    root,
    brief: join(root, brief),
    config: join(root, 'config.yaml'),
    workspace: at,
    memory: join(at, 'MEMORY_LOG.md'),
    directive: join(at, 'HUMAN_DIRECTIVE.md'),
    ledger: join(at, 'ledger.jsonl'),
    state: join(at, 'state.json'),
    runs: join(at, 'runs'),
    reports: join(at, 'reports'),
    papers: join(at, 'papers'),
    digests: join(at, 'digests'),
    supervisor: join(at, 'supervisor.json'),
    supervisorLog: join(at, 'supervisor.log'),
    controller: join(at, 'controller.json'),
    receipts: join(at, 'receipts'),
    stopHook: join(at, 'stop-hook.json'),
    notifications: join(at, 'notifications.jsonl'),
    herald: join(at, 'herald.json'),
    notesState: join(at, 'notes.json'),
    bundles: join(at, 'bundles'),
  };
}

/** Files of one run. `record/` holds only rare, tiny entries, so that watching it costs nothing while a log grows. */
export interface RunPaths {
  dir: string;
  json: string;
  log: string;
  record: string;
  env: string;
  metrics: string;
  /** For what the training writes; it finds the folder in AUTO_EXPERIMENT_RUN_DIR. */
  files: string;
  follow: string;
  sources: string;
  /** The code that it was launched with, where the project’s had changed before it or a replicate of it started. */
  code: string;
  /** What was in the locked files at the launch, and at the end. */
  locked: string;
  lockedEnd: string;
  environment: string;
  conditions: string;
}

export function runPaths(runs: string, id: string): RunPaths {
  const dir = join(runs, id);
  return {
    dir,
    json: join(dir, 'run.json'),
    log: join(dir, 'log'),
    record: join(dir, 'record'),
    env: join(dir, 'env.json'),
    metrics: join(dir, 'metrics.jsonl'),
    files: join(dir, 'files'),
    follow: join(dir, 'follow.json'),
    sources: join(dir, 'sources.json'),
    code: join(dir, 'code'),
    locked: join(dir, 'locked.json'),
    lockedEnd: join(dir, 'locked-end.json'),
    environment: join(dir, 'environment.json'),
    conditions: join(dir, 'conditions.json'),
  };
}
