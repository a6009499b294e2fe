import type { EndRecord, RecordOf, VerdictRecord } from '../../mcp-server/src/core/ledger.js';
import { runId } from '../../mcp-server/src/core/run.js';

const at = '2026-03-04T00:00:00.000Z';

/** Records of one run, as a campaign writes them. The first run is the baseline. */
export function ledgerLaunch(number: number, over: Partial<RecordOf<'launch'>> = {}): RecordOf<'launch'> {
  return {
    kind: 'launch',
    at,
    run: runId(number),
    plan: null,
    role: number === 1 ? 'baseline' : 'candidate',
    title: `try ${number}`,
    command: ['python3', 'train.py'],
    code: null,
    ...over,
  };
}

export function ledgerEnd(number: number, over: Partial<EndRecord> = {}): EndRecord {
  return {
    kind: 'end',
    at,
    run: runId(number),
    ending: 'succeeded',
    exit_code: 0,
    signal: null,
    evidence: ['exit code 0'],
    duration_s: 60,
    gpu_hours: 0,
    metric: 'val_acc',
    direction: 'maximize',
    value: 0.5,
    ...over,
  };
}

export function ledgerVerdict(number: number, over: Partial<VerdictRecord> = {}): VerdictRecord {
  return {
    kind: 'verdict',
    at,
    run: runId(number),
    status: 'rejected',
    reason: 'not better',
    kept: false,
    value: 0.5,
    gain: null,
    ...over,
  };
}
