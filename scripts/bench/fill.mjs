// A project with many ended runs, written through the store as the supervisor would have written it.

const HOUR = 3_600_000;
const VALUES = 10;

/** Writes `count` ended runs with their metrics and ledger. No process is started. */
export function fillProject(engine, { project }, count, from = 0, values = VALUES) {
  const { paths } = project;
  let best = null;
  for (let index = from; index < from + count; index++) {
    const id = `exp${String(index + 1).padStart(3, '0')}`;
    const begin = Date.UTC(2025, 0, 1) + index * HOUR;
    const at = new Date(begin).toISOString();
    const over = new Date(begin + HOUR / 2).toISOString();
    const value = Number((0.9 + 0.09 * Math.sin(index * 12.9898)).toFixed(4));
    const command = [
      'python3',
      'train.py',
      '--lr',
      String(0.0001 * (1 + (index % 50))),
      '--seed',
      String(index),
    ];
    const primary = { name: 'val_acc', direction: 'maximize', mode: 'best' };
    const role = index === 0 ? 'baseline' : 'candidate';
    const title = `learning rate ${command[3]}, seed ${index}`;
    const kept = best === null || value > best;
    const verdict = index === 0 ? null : kept ? 'unconfirmed' : 'rejected';
    const reason =
      index === 0
        ? 'the baseline'
        : kept
          ? 'better than all before, on one seed'
          : 'not better than the best so far';
    if (kept) best = value;
    engine.createRun(
      paths.runs,
      recordOf({ id, title, role, command, at, over, primary, value, verdict, reason }, paths.root),
      {},
    );
    engine.appendMetrics(engine.runPaths(paths.runs, id).metrics, curve(value, values), begin);
    for (const record of [
      { kind: 'launch', at, run: id, plan: null, role, title, command, code: null },
      { kind: 'start', at, run: id, gpus: [] },
      {
        kind: 'end',
        at: over,
        run: id,
        ending: 'succeeded',
        exit_code: 0,
        signal: null,
        evidence: ['exit code 0'],
        duration_s: 1800,
        gpu_hours: 0.5,
        metric: 'val_acc',
        direction: 'maximize',
        value,
      },
      {
        kind: 'verdict',
        at: over,
        run: id,
        status: verdict,
        reason,
        kept,
        value,
        gain: index === 0 ? null : 0.01,
      },
    ]) {
      engine.appendLedger(paths.ledger, record);
    }
  }
}

function curve(value, values) {
  return Array.from({ length: values }, (_, step) => ({
    line: step + 1,
    at: (step + 1) * 60,
    step: step + 1,
    epoch: null,
    metrics: { train_loss: 2 / (step + 1), val_acc: (value * (step + 1)) / values },
  }));
}

function recordOf({ id, title, role, command, at, over, primary, value, verdict, reason }, cwd) {
  return {
    id,
    state: 'ended',
    title,
    role,
    plan: null,
    command,
    cwd,
    host: 'bench',
    marker: `${id}@bench`,
    gpus_wanted: 'auto',
    pass_env: [],
    withheld: [],
    code: null,
    limits: {
      time_limit: null,
      stall_timeout: 'auto',
      stop_grace: 60,
      survivor_grace: 60,
      stop_rules: [],
      tracked_metrics: [],
    },
    primary,
    created_at: at,
    started_at: at,
    ended_at: over,
    gpus: [],
    ending: 'succeeded',
    exit_code: 0,
    signal: null,
    evidence: ['exit code 0'],
    metrics: {
      train_loss: { last: 0.2, best: 0.2, step: VALUES },
      val_acc: { last: value, best: value, step: VALUES },
    },
    value,
    progress: { step: VALUES, epoch: null, total: null },
    note: null,
    verdict,
    verdict_reason: reason,
  };
}
