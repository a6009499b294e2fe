import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Gpu, GpuSurvey } from '../../mcp-server/src/core/gpu.js';
import { toTrainOn } from '../../mcp-server/src/core/gpus/aside.js';
import { chooseGpus, gpuKey, markReserved } from '../../mcp-server/src/core/gpus/choose.js';
import { cudaEnv } from '../../mcp-server/src/core/gpus/cuda-env.js';
import { gpuState, isFree, whyBusy } from '../../mcp-server/src/core/gpus/free.js';
import { renderGpus } from '../../mcp-server/src/engine/views/gpu-text.js';

function gpu(index: number, over: Partial<Gpu> = {}): Gpu {
  const reading = {
    index,
    uuid: `GPU-${index}${index}${index}${index}`,
    vendor: 'nvidia',
    name: 'NVIDIA A100-SXM4-80GB',
    memory_used_mb: 4,
    memory_total_mb: 81920,
    utilization_pct: 0,
    temperature_c: 31,
    power_w: 54.2,
    processes: [],
    ...over,
  };
  return { ...reading, state: over.state ?? gpuState(reading) };
}

const training = { pid: 4242, name: '/usr/bin/python3', user: 'ada', memory_mb: 20480 };

function survey(gpus: Gpu[], error: string | null = null): GpuSurvey {
  return { machine: 'box', gpus, error };
}

const wanted = { want: 1, allowed: 'auto', reserveLast: false, leased: [] } as const;

function indices(choice: { gpus: Gpu[] } | { why: string }): number[] | string {
  return 'why' in choice ? choice.why : choice.gpus.map((one) => one.index);
}

describe('free, busy, error', () => {
  it('is free when it is idle and empty', () => {
    expect(isFree(gpu(0))).toBe(true);
  });

  it('is busy with a computing process, and says whose', () => {
    const busy = gpu(0, { processes: [training], memory_used_mb: 20484 });
    expect(isFree(busy)).toBe(false);
    expect(whyBusy(busy)).toBe('is used by ada’s python3 (pid 4242, 20.0 GiB)');
  });

  it('does not count what draws the screen', () => {
    const screen = { pid: 900, name: '/usr/lib/xorg/Xorg', user: 'root', memory_mb: 310 };
    const compositor = { pid: 901, name: '/opt/unknown-shell', user: 'ada', memory_mb: 25 };
    expect(isFree(gpu(0, { processes: [screen, compositor], memory_used_mb: 600 }))).toBe(true);
    expect(isFree(gpu(0, { processes: [screen, training] }))).toBe(false);
  });

  it('counts a process of which nothing is told', () => {
    expect(isFree(gpu(0, { processes: [{ pid: 1, name: null, user: null, memory_mb: null }] }))).toBe(false);
  });

  it('sees work behind hidden processes: memory on a server card, load on any', () => {
    expect(isFree(gpu(0, { memory_used_mb: 1500 }))).toBe(false);
    expect(isFree(gpu(0, { memory_used_mb: 0, utilization_pct: 100 }))).toBe(false);
  });

  it('leaves a screen a tenth of a desktop card', () => {
    expect(isFree(gpu(0, { memory_used_mb: 1500, memory_total_mb: 24576 }))).toBe(true);
    expect(isFree(gpu(0, { memory_used_mb: 3000, memory_total_mb: 24576 }))).toBe(false);
  });

  it('goes by what is told: one unknown cell is no verdict, silence is no freedom', () => {
    expect(gpuState(gpu(0, { utilization_pct: null }))).toBe('free');
    expect(gpuState(gpu(0, { memory_used_mb: null, memory_total_mb: null }))).toBe('free');
    expect(gpuState(gpu(0, { memory_used_mb: null, utilization_pct: null }))).toBe('error');
    expect(gpuState(gpu(0, { memory_used_mb: null, utilization_pct: null, processes: [training] }))).toBe(
      'busy',
    );
  });
});

describe('chooseGpus', () => {
  const busy = (index: number) => gpu(index, { processes: [training], memory_used_mb: 20484 });

  it('takes the first free ones', () => {
    expect(indices(chooseGpus({ ...wanted, survey: survey([busy(0), gpu(1), gpu(2)]) }))).toEqual([1]);
    expect(indices(chooseGpus({ ...wanted, want: 0, survey: survey([]) }))).toEqual([]);
  });

  it('says why there are none, GPU by GPU', () => {
    const why = indices(
      chooseGpus({
        ...wanted,
        want: 2,
        reserveLast: true,
        leased: ['GPU-1111'],
        survey: survey([busy(0), gpu(1), gpu(2)]),
      }),
    );
    expect(why).toBe(
      '2 GPUs wanted, 0 free. GPU 0 is used by ada’s python3 (pid 4242, 20.0 GiB); GPU 1 is leased to a run; ' +
        'GPU 2 is left to people (gpu.reserve_last).',
    );
  });

  it('passes on the error of a machine without readable GPUs', () => {
    expect(indices(chooseGpus({ ...wanted, survey: survey([], 'the driver is gone') }))).toBe(
      'the driver is gone',
    );
    expect(indices(chooseGpus({ ...wanted, survey: { ...survey([]), notes: ['No program.'] } }))).toBe(
      'No GPU was found on box. No program.',
    );
  });

  it('uses the healthy GPUs beside a sick one', () => {
    const sick = gpu(0, { memory_used_mb: null, utilization_pct: null });
    expect(indices(chooseGpus({ ...wanted, survey: survey([sick, gpu(1)], 'GPU 0 is lost') }))).toEqual([1]);
  });

  it('never reserves the only GPU, nor one that is named', () => {
    expect(indices(chooseGpus({ ...wanted, reserveLast: true, survey: survey([gpu(0)]) }))).toEqual([0]);
    const two = survey([gpu(0), gpu(1)]);
    expect(indices(chooseGpus({ ...wanted, reserveLast: true, allowed: [1], survey: two }))).toEqual([1]);
  });

  it('finds named GPUs by index, UUID or its beginning, and says what does not exist', () => {
    const three = survey([gpu(0), gpu(1), gpu(2, { uuid: 'GPU-1199' })]);
    expect(indices(chooseGpus({ ...wanted, allowed: ['2'], survey: three }))).toEqual([2]);
    expect(indices(chooseGpus({ ...wanted, allowed: ['GPU-1111'], survey: three }))).toEqual([1]);
    expect(indices(chooseGpus({ ...wanted, allowed: ['GPU-119'], survey: three }))).toEqual([2]);
    expect(indices(chooseGpus({ ...wanted, allowed: ['GPU-11'], survey: three }))).toMatch(/2 GPUs/);
    expect(indices(chooseGpus({ ...wanted, allowed: [7], survey: three }))).toBe(
      'There is no GPU 7; there are 0, 1, 2.',
    );
    expect(indices(chooseGpus({ ...wanted, want: 3, allowed: [0, 1], survey: three }))).toMatch(
      /only 2 may be used/,
    );
  });

  it('lets a person name a GPU whose memory a screen holds, but not one that computes', () => {
    const screen = gpu(0, { memory_used_mb: 5000, memory_total_mb: 24576 });
    expect(indices(chooseGpus({ ...wanted, survey: survey([screen]) }))).toMatch(/name it with --gpu 0/);
    expect(indices(chooseGpus({ ...wanted, allowed: [0], survey: survey([screen]) }))).toEqual([0]);
    expect(indices(chooseGpus({ ...wanted, allowed: [0], survey: survey([busy(0)]) }))).toMatch(/ada/);
  });

  it('takes GPUs of one model where it can', () => {
    const mixed = survey([gpu(0, { name: 'T4' }), gpu(1), gpu(2, { name: 'T4' }), gpu(3)]);
    expect(indices(chooseGpus({ ...wanted, want: 2, survey: mixed }))).toEqual([0, 2]);
    expect(indices(chooseGpus({ ...wanted, want: 3, survey: mixed }))).toEqual([0, 1, 2]);
  });

  it('never gives a GPU that is leased, busy, sick or not allowed (property)', () => {
    const anyGpu = fc.record({
      used: fc.option(fc.integer({ min: 0, max: 81920 })),
      load: fc.option(fc.integer({ min: 0, max: 100 })),
      computes: fc.boolean(),
      leased: fc.boolean(),
      allowed: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(anyGpu, { maxLength: 9 }),
        fc.integer({ min: 0, max: 9 }),
        fc.boolean(),
        (cards, want, auto) => {
          const gpus = cards.map((card, index) =>
            gpu(index, {
              memory_used_mb: card.used,
              utilization_pct: card.load,
              processes: card.computes ? [training] : [],
            }),
          );
          const leased = gpus.filter((_, at) => cards[at]?.leased).map(gpuKey);
          const allowed = auto ? 'auto' : gpus.filter((_, at) => cards[at]?.allowed).map((one) => one.index);
          const choice = chooseGpus({ want, allowed, reserveLast: false, leased, survey: survey(gpus) });
          if ('why' in choice) {
            expect(choice.why).not.toBe('');
            return;
          }
          expect(new Set(choice.gpus).size).toBe(want);
          for (const one of choice.gpus) {
            expect(one.processes).toEqual([]);
            expect(one.state).not.toBe('error');
            expect(leased).not.toContain(gpuKey(one));
            if (allowed === 'auto') expect(isFree(one)).toBe(true);
            else expect(allowed).toContain(one.index);
          }
        },
      ),
    );
  });
});

describe('markReserved', () => {
  it('shows leased and last GPUs as reserved, and busy ones as busy', () => {
    const gpus = [gpu(0), gpu(1), gpu(2, { processes: [training] }), gpu(3)];
    const marked = markReserved(survey(gpus), { leased: ['GPU-0000', 'GPU-2222'], reserveLast: true });
    expect(marked.gpus.map((one) => one.state)).toEqual(['reserved', 'free', 'busy', 'reserved']);
  });
});

describe('what a run is given unasked', () => {
  const asked = (gpus: Gpu[], want = 1, allowed: 'auto' | number[] = 'auto') =>
    indices(chooseGpus({ ...wanted, want, allowed, survey: survey(gpus) }));

  it('is no graphics of the processor, and no small card beside large ones, unless it is named', () => {
    const screen = gpu(0, { name: 'GeForce GT 710', memory_total_mb: 2048 });
    expect(asked([screen, gpu(1)])).toEqual([1]);
    expect(asked([screen])).toEqual([0]);
    expect(asked([screen, gpu(1, { processes: [training] })])).toContain(
      'GPU 0 is much smaller than the others (name it with --gpu 0',
    );
    expect(asked([screen, gpu(1)], 1, [0])).toEqual([0]);
    const igpu = gpu(0, { vendor: 'amd', name: 'Radeon 680M', memory_total_mb: 512, uuid: null });
    const card = gpu(1, { vendor: 'amd', name: 'Radeon RX 7900 XT', memory_total_mb: 24560, uuid: null });
    expect(asked([igpu, card])).toEqual([1]);
    expect(asked([igpu])).toContain('is the graphics of the processor');
    expect(toTrainOn([igpu])).toEqual([]);
  });

  it('is of the maker of the largest card: a program is built for one of them', () => {
    const arc = gpu(0, { vendor: 'intel', name: 'Intel Arc A380', memory_total_mb: 6144, uuid: 'INTEL-1' });
    expect(asked([arc, gpu(0)])).toEqual([0]);
    expect(asked([arc, gpu(0)], 2)).toContain('GPU 0 is of another maker');
  });

  it('is never sick, even when it is named', () => {
    const sick = { 'GPU-0000': 'is sick: 1 uncorrectable memory error' };
    const told = { ...survey([gpu(0, { state: 'error' }), gpu(1)]), sick };
    expect(indices(chooseGpus({ ...wanted, survey: told }))).toEqual([1]);
    expect(indices(chooseGpus({ ...wanted, survey: told, allowed: [0] }))).toContain('GPU 0 is sick');
  });

  it('is one slice of a divided GPU at a time, by its own UUID', () => {
    const slice = (n: number) =>
      gpu(0, {
        uuid: `MIG-${n}${n}${n}${n}`,
        name: 'H100 MIG 1g.10gb',
        memory_total_mb: 9728,
        utilization_pct: null,
      });
    const gpus = [slice(1), slice(2), gpu(1)];
    const choice = chooseGpus({ ...wanted, survey: survey(gpus), allowed: [0], leased: ['MIG-1111'] });
    if ('why' in choice) throw new Error(choice.why);
    expect(choice.gpus.map((one) => one.uuid)).toEqual(['MIG-2222']);
    expect(cudaEnv(choice.gpus, survey(gpus)).CUDA_VISIBLE_DEVICES).toBe('MIG-2222');
    expect(asked(gpus, 2)).toContain('is a MIG slice: one process can use only one of them');
    // Some hundred MiB on a slice are somebody’s context, while an idle one holds a few.
    expect(isFree({ ...slice(1), memory_used_mb: 20 })).toBe(true);
    expect(isFree({ ...slice(1), memory_used_mb: 400 })).toBe(false);
  });
});

describe('cudaEnv', () => {
  it('pins by the variable of each maker', () => {
    const intel = [gpu(1, { vendor: 'intel' }), gpu(2, { vendor: 'intel' })];
    expect(cudaEnv(intel, survey(intel))).toEqual({ ZE_AFFINITY_MASK: '1,2' });
  });

  const all = [gpu(0), gpu(1), gpu(2)];

  it('pins by the driver’s own numbering while every GPU answers', () => {
    expect(cudaEnv(all.slice(1), survey(all))).toEqual({
      CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
      CUDA_VISIBLE_DEVICES: '1,2',
    });
    expect(cudaEnv([], survey(all)).CUDA_VISIBLE_DEVICES).toBe('');
  });

  it('pins by UUID when numberings may differ', () => {
    expect(cudaEnv(all.slice(1), survey(all, 'a GPU is lost')).CUDA_VISIBLE_DEVICES).toBe(
      'GPU-1111,GPU-2222',
    );
    expect(cudaEnv(all.slice(1), survey(all.slice(1))).CUDA_VISIBLE_DEVICES).toBe('GPU-1111,GPU-2222');
    expect(cudaEnv([gpu(1)], survey([gpu(0, { state: 'error' }), gpu(1)])).CUDA_VISIBLE_DEVICES).toBe(
      'GPU-1111',
    );
  });

  it('does not mix the two forms', () => {
    const pair = [gpu(0), gpu(1, { uuid: null })];
    expect(cudaEnv(pair, survey(pair, 'trouble')).CUDA_VISIBLE_DEVICES).toBe('0,1');
  });
});

describe('renderGpus', () => {
  it('shows each GPU on a line, and beneath it why it is sick and who uses it', () => {
    const gpus = [
      gpu(0, {
        processes: [training, { pid: 77, name: null, user: null, memory_mb: null }],
        memory_used_mb: 20484,
        utilization_pct: 97,
      }),
      gpu(1),
      gpu(2, { name: null, memory_used_mb: null, utilization_pct: null, temperature_c: null, power_w: null }),
    ];
    const sick = { 'GPU-2222': 'is sick: 2 uncorrectable memory errors (ECC)' };
    const told = { ...survey(gpus, 'GPU 2 is lost.'), sick };
    const shown = markReserved(told, { leased: ['GPU-1111'], reserveLast: false });
    expect(renderGpus(shown)).toMatchInlineSnapshot(`
      "box: 3 GPUs, 0 free
      GPU  name            state     load           memory   temp   power
        0  A100-SXM4-80GB  busy      97 %    20.0/80.0 GiB   31 C    54 W
           ada            4242    20.0 GiB  /usr/bin/python3
           ?                77           ?  ?
        1  A100-SXM4-80GB  reserved   0 %     0.0/80.0 GiB   31 C    54 W
        2  ?               error      ? %       ?/80.0 GiB    ? C     ? W
           is sick: 2 uncorrectable memory errors (ECC)

      Problem: GPU 2 is lost."
    `);
  });

  it('stays within 80 columns and prints no control characters, whatever names say', () => {
    const evil = {
      pid: 4194304,
      name: `\u001b[2Jrm ${'x'.repeat(200)}`,
      user: `u${'y'.repeat(40)}`,
      memory_mb: 81919,
    };
    const text = renderGpus({
      machine: 'box',
      gpus: [
        gpu(15, {
          name: `NVIDIA ${'N'.repeat(60)}`,
          processes: Array.from({ length: 12 }, () => evil),
          memory_used_mb: 81900,
          utilization_pct: 100,
          power_w: 1000,
        }),
      ],
      error: 'word '.repeat(60),
      notes: ['note '.repeat(40)],
    });
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(text).toContain('and 4 more');
  });
});
