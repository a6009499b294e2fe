import { describe, expect, it } from 'vitest';
import {
  type Conditions,
  tenantOn,
  UNSEEN,
  unlike,
  withSample,
} from '../../mcp-server/src/core/conditions.js';
import type { Gpu } from '../../mcp-server/src/core/gpu.js';

const gpu = (name: string, processes: Gpu['processes'] = []): Gpu => ({
  ...{ index: 0, uuid: 'GPU-1', vendor: 'nvidia', name, memory_used_mb: 0, memory_total_mb: 80_000 },
  ...{ utilization_pct: 0, temperature_c: null, power_w: null, processes, state: 'free' },
});
const seen = (more: Partial<Conditions> = {}): Conditions => ({
  ...{ ...UNSEEN, gpus: ['H100'], samples: 3, work: 'a', seconds: 600, steps_per_s: 10 },
  ...more,
});
const baseline = (more: Partial<Conditions> = {}) => ({ ...seen(more), run: 'exp001' });

describe('unlike', () => {
  it.each([
    ['equal conditions', seen(), baseline()],
    ['a pace within 20 %', seen({ steps_per_s: 8.4 }), baseline()],
    ['nothing seen', UNSEEN, baseline()],
    ['nothing seen of the other', seen(), { ...UNSEEN, run: 'exp001' }],
    ['a model that the driver does not tell', seen({ gpus: [null] }), baseline()],
    ['a pace of runs that are too short to have one', seen({ steps_per_s: 1, seconds: 20 }), baseline()],
    ['a run with nothing to compare with', seen(), null],
  ])('%s: no difference', (_, a, b) => {
    expect(unlike(a, b)).toBeNull();
  });

  it.each([
    [
      'another GPU model',
      seen({ gpus: ['A100'] }),
      baseline(),
      { words: 'it ran on A100, exp001 on H100', certain: true },
    ],
    [
      'fewer GPUs',
      seen(),
      baseline({ gpus: ['H100', 'H100'] }),
      { words: 'it ran on H100, exp001 on H100, H100', certain: true },
    ],
    [
      'somebody else on its GPU, whatever else',
      seen({ tenant: 'ann’s python (pid 7) on GPU 0', shared: 1 }),
      null,
      { words: 'its GPU was shared with ann’s python (pid 7) on GPU 0', certain: true },
    ],
    [
      'somebody else on the other’s',
      seen(),
      baseline({ tenant: 'python (pid 7) on GPU 0' }),
      { words: 'the GPU of exp001 was shared with python (pid 7) on GPU 0', certain: true },
    ],
    [
      'a slower machine under equal code',
      seen({ steps_per_s: 8.3 }),
      baseline(),
      { words: 'it made 8.30 steps/s, exp001 10.0: with the same code', certain: true },
    ],
    [
      'another pace of other code, which may be the reason',
      seen({ steps_per_s: 12.1, work: 'b' }),
      baseline(),
      {
        words: 'it made 12.1 steps/s, exp001 10.0: look whether the change or the machine is the reason',
        certain: false,
      },
    ],
  ])('%s', (_, a, b, expected) => {
    expect(unlike(a, b)).toEqual(expected);
  });
});

describe('who else computes on a GPU', () => {
  const one = (pid: number, name: string, memory_mb = 4000) => ({ pid, name, user: null, memory_mb });
  const alive = (pid: number) => pid < 1000;

  it('is another living process beside the run’s own', () => {
    const shared = gpu('H100', [one(5, 'python'), one(7, '/usr/bin/python3'), one(8, 'Xorg')]);
    expect(tenantOn(shared, new Set([5]), alive)).toBe('python3 (pid 7, 3.9 GiB) on GPU 0');
    expect(tenantOn(shared, new Set([5, 7]), alive)).toBeNull();
  });

  it('is not told by numbers of another namespace, nor where the run’s own are not seen', () => {
    expect(tenantOn(gpu('H100', [one(5, 'python'), one(4242, 'x')]), new Set([5]), alive)).toBeNull();
    expect(tenantOn(gpu('H100', [one(7, 'python')]), new Set([5]), alive)).toBeNull();
  });

  it('stays known when it is gone', () => {
    const first = withSample(seen({ samples: 0 }), 'ann’s python on GPU 0');
    expect(withSample(first, null)).toMatchObject({
      ...{ gpus: ['H100'], samples: 2, shared: 1, tenant: 'ann’s python on GPU 0' },
    });
  });
});
