import type { RunView } from '../../mcp-server/src/core/run.js';
import { runId } from '../../mcp-server/src/core/run.js';
import type { Overview } from '../../mcp-server/src/core/view.js';

/** An ended run of the metric val_acc; the first one is the baseline. */
export function run(number: number, over: Partial<RunView> = {}, value: number | null = 0.5): RunView {
  return {
    id: runId(number),
    state: 'ended',
    ending: 'succeeded',
    exit_code: 0,
    signal: null,
    evidence: ['exit code 0'],
    command: ['python3', 'train.py', '--lr', '0.1'],
    gpus: [],
    created_at: '2026-03-04T01:00:00.000Z',
    started_at: '2026-03-04T01:00:00.000Z',
    ended_at: '2026-03-04T01:01:05.000Z',
    duration_s: 65,
    metrics: value === null ? {} : { val_acc: { last: value, best: value, step: 20 } },
    primary: { name: 'val_acc', direction: 'maximize', value },
    role: number === 1 ? 'baseline' : 'candidate',
    verdict: number === 1 ? null : 'rejected',
    verdict_reason: number === 1 ? 'baseline' : 'not better',
    gain: null,
    interval: null,
    flags: [],
    seed: null,
    replicate_of: null,
    title: `lr 0.${number}`,
    note: null,
    progress: null,
    log: `/data/digits/workspace/runs/${runId(number)}/log`,
    ...over,
  };
}

/** A read model without runs. */
export function overview(over: Partial<Overview> = {}): Overview {
  return {
    project: 'digits',
    path: '/data/digits',
    goal: 'Better accuracy',
    metric: { name: 'val_acc', direction: 'maximize', target: 0.95 },
    cycle: 3,
    campaign: null,
    status: 'idle',
    baseline: null,
    best: null,
    calibration: null,
    early_kills: null,
    certainty: {
      mode: 'strict',
      sigma: null,
      replicates: 0,
      alpha: 0.05,
      alpha_left: 0.05,
      confirmations: 0,
    },
    runs: [],
    running: [],
    decisions: [],
    insights: [],
    directive: null,
    budgets: [],
    bill: null,
    gpus: [],
    warnings: [],
    ...over,
  };
}

/** What a reader sees of the page: no styles, no images, no tags, entities resolved. */
export function seen(html: string): string {
  const text = html.replace(/<(style|svg|head)\b[\s\S]*?<\/\1>/g, ' ').replace(/<[^>]*>/g, ' ');
  const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };
  return text
    .replace(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => entities[name] ?? '')
    .replace(/\s+/g, ' ');
}
