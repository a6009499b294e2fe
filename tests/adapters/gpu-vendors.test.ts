import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amd } from '../../mcp-server/src/adapters/gpus/amd.js';
import { apple } from '../../mcp-server/src/adapters/gpus/apple.js';
import { vendors } from '../../mcp-server/src/adapters/gpus/index.js';
import { intel } from '../../mcp-server/src/adapters/gpus/intel.js';
import { nvtop } from '../../mcp-server/src/adapters/gpus/nvtop.js';
import { tegra } from '../../mcp-server/src/adapters/gpus/tegra.js';
import { Gpu } from '../../mcp-server/src/core/gpu.js';
import type { GpuVendor, VendorAnswer } from '../../mcp-server/src/core/gpus/vendor.js';
import { inquire } from '../support/inquire.js';

type Reply = (question: string) => Partial<VendorAnswer> | string | undefined;
const ask = (vendor: GpuVendor, reply: Reply, has?: string[], known = new Map<string, string>()) =>
  inquire(vendor, (argv) => reply(argv.join(' ')), {
    known,
    ...(has === undefined ? {} : { has: (program: string) => has.includes(program) }),
  });
const value = (count: number, unit: string) => ({ value: count, unit });

describe('amd-smi', () => {
  const metric = [
    {
      gpu: 0,
      usage: { gfx_activity: value(42, '%'), umc_activity: value(1, '%') },
      power: { socket_power: value(133, 'W') },
      temperature: { edge: 'N/A', hotspot: value(51, 'C') },
      mem_usage: { total_vram: value(196592, 'MB'), used_vram: value(4096, 'MB') },
    },
    {
      gpu: 1,
      usage: 'N/A',
      power: { socket_power: 'N/A' },
      temperature: { edge: value(65535, 'C') },
      mem_usage: {},
    },
  ];
  const staticInfo = [{ gpu: 0, asic: { market_name: 'AMD Instinct MI300X' } }];
  const list = [{ gpu: 0, uuid: 'ABFF74A1-0000-1000-802D-00112233AABB' }];
  const processes = [
    {
      gpu: 0,
      process_list: [
        { process_info: { pid: 4711, name: 'python3', memory_usage: { vram_mem: value(2147483648, 'B') } } },
      ],
    },
    { gpu: 1, process_list: [{ process_info: 'No running processes detected' }] },
  ];
  const reply =
    (wrap: (list: unknown) => unknown): Reply =>
    (question) => {
      if (question.startsWith('amd-smi metric')) return JSON.stringify(wrap(metric));
      if (question.startsWith('amd-smi static')) return JSON.stringify(wrap(staticInfo));
      if (question.startsWith('amd-smi list')) return JSON.stringify(wrap(list));
      return JSON.stringify(wrap(processes));
    };

  it.each([
    ['bare', (entries: unknown) => entries],
    ['wrapped in gpu_data', (entries: unknown) => ({ gpu_data: entries })],
  ])('tells each GPU and its processes (%s)', (_, wrap) => {
    const known = new Map<string, string>();
    const { report, asked } = ask(amd, reply(wrap), ['amd-smi'], known);
    expect(report).toMatchObject({ error: null, notes: [] });
    expect(report.gpus).toEqual([
      {
        index: 0,
        uuid: 'AMD-abff74a1-0000-1000-802d-00112233aabb',
        vendor: 'amd',
        name: 'AMD Instinct MI300X',
        memory_used_mb: 4096,
        memory_total_mb: 196592,
        utilization_pct: 42,
        temperature_c: 51,
        power_w: 133,
        processes: [{ pid: 4711, name: 'python3', user: null, memory_mb: 2048 }],
      },
      expect.objectContaining({
        index: 1,
        utilization_pct: null,
        temperature_c: null,
        power_w: null,
        processes: [],
      }),
    ]);
    expect(asked).toHaveLength(4);
    // Names do not change: only what does is asked for again.
    expect(ask(amd, reply(wrap), ['amd-smi'], known).asked).toHaveLength(2);
  });

  it('gives way to rocm-smi where it tells nothing', () => {
    const card = { 'GPU use (%)': '5', 'Device Name': 'Navi 22 [Radeon RX 6700 XT]', 'Unique ID': 'N/A' };
    const { report } = ask(amd, (question) =>
      question.startsWith('amd-smi')
        ? { code: 1, stderr: 'ModuleNotFoundError: amdsmi' }
        : JSON.stringify({ card0: card }),
    );
    expect(report.gpus).toEqual([
      expect.objectContaining({ name: 'Radeon RX 6700 XT', utilization_pct: 5, uuid: null }),
    ]);
    expect(report.error).toBeNull();
    expect(
      ask(amd, () => ({ code: 1, stderr: 'ModuleNotFoundError: amdsmi' }), ['amd-smi']).report.error,
    ).toMatch(/said "ModuleNotFoundError/);
  });

  it('reads the text form too', () => {
    const text =
      'GPU: 0\n    USAGE:\n        GFX_ACTIVITY: 12 %\n    POWER:\n        SOCKET_POWER: 31 W\n    TEMPERATURE:\n        EDGE: 40 °C\n        HOTSPOT: N/A\n';
    const { gpus } = ask(amd, (question) => (question.includes('metric') ? text : ''), ['amd-smi']).report;
    expect(gpus).toEqual([
      expect.objectContaining({ index: 0, utilization_pct: 12, power_w: 31, temperature_c: 40 }),
    ]);
  });
});

describe('Intel', () => {
  it('is asked as nvidia-smi is where xpu-smi is of the second generation', () => {
    const { report, asked } = ask(
      intel,
      () =>
        '0, 00000000-0000-0003-0000-000856c18086, Intel(R) Arc(TM) Pro B60, 48, 7, 24480, 512, 31.2\n1, , Intel(R) Arc(TM) Pro B60, N/A, N/A, 24480, N/A, N/A\n',
    );
    expect(asked).toHaveLength(1);
    expect(report.gpus).toEqual([
      expect.objectContaining({
        index: 0,
        uuid: 'INTEL-00000000-0000-0003-0000-000856c18086',
        name: 'Intel(R) Arc(TM) Pro B60',
        memory_used_mb: 512,
        memory_total_mb: 24480,
        utilization_pct: 7,
        temperature_c: 48,
        power_w: 31.2,
      }),
      expect.objectContaining({ index: 1, uuid: null, memory_used_mb: null, utilization_pct: null }),
    ]); // prettier-ignore
  });

  it('is put together from discovery and dump where it is of the first', () => {
    const { report } = ask(intel, (question) => {
      if (question.includes('discovery'))
        return JSON.stringify({
          device_list: [
            {
              device_id: 0,
              device_name: 'Intel(R) Data Center GPU Max 1550',
              memory_physical_size_byte: '68719476736',
              uuid: '01000000-0000-0000-0000-0000004b0000',
            },
          ],
        });
      if (question.includes('dump'))
        return 'Timestamp, DeviceId, GPU Utilization (%), GPU Power (W), GPU Core Temperature (Celsius Degree), GPU Memory Used (MiB)\n06:14:46.000,    0, 55.25, 264.06,  N/A, 8192.5\n';
      return { code: 1, stderr: 'The following argument was not expected: --query-gpu' };
    });
    expect(report.gpus).toEqual([
      expect.objectContaining({
        name: 'Intel(R) Data Center GPU Max 1550',
        memory_total_mb: 65536,
        memory_used_mb: 8192.5,
        utilization_pct: 55.25,
        temperature_c: null,
        power_w: 264.06,
      }),
    ]); // prettier-ignore
  });

  it('adds up the tiles where only they are told, in whichever unit', () => {
    const tile = (memory: number, heat: number) => ({
      data_list: [
        { metrics_type: 'XPUM_STATS_MEMORY_USED', value: memory },
        { metrics_type: 'XPUM_STATS_GPU_CORE_TEMPERATURE', value: heat },
      ],
    });
    const stats = {
      device_id: 0,
      device_level: [{ metrics_type: 'XPUM_STATS_POWER', value: 63.5 }],
      tile_level: [tile(1073741824, 35), tile(1073741824, 37)],
    };
    const { report } = ask(intel, (question) => {
      if (question.includes('discovery')) return JSON.stringify({ device_list: [{ device_id: 0 }] });
      return question.includes('stats') ? JSON.stringify(stats) : undefined;
    });
    expect(report.gpus[0]).toMatchObject({
      memory_used_mb: 2048,
      temperature_c: 37,
      power_w: 63.5,
      utilization_pct: null,
    });
  });

  it('is told by intel_gpu_top, whose list is never closed', () => {
    const sample = (busy: number) =>
      `{"power": {"GPU": 3.25}, "engines": {"Render/3D/0": {"busy": ${busy}}, "Video/0": {"busy": 12.5}}, "clients": {"1": {"name": "ffmpeg", "pid": "77", "engine-classes": {"Video": {"busy": "12.5"}}}, "2": {"name": "idle", "pid": "78"}}}`;
    const { report } = ask(intel, () => `[\n${sample(0)},\n${sample(64.5)},\n{"power": {"GP`, [
      'intel_gpu_top',
    ]);
    expect(report.gpus).toEqual([
      expect.objectContaining({
        utilization_pct: 64.5,
        power_w: 3.25,
        processes: [{ pid: 77, name: 'ffmpeg', user: null, memory_mb: null }],
      }),
    ]);
    expect(
      ask(intel, () => ({ code: 1, stderr: 'Failed to initialize PMU! (Permission denied)' }), [
        'intel_gpu_top',
      ]).report.error,
    ).toMatch(/CAP_PERFMON/);
  });
});

describe('Apple, Jetson, and nvtop for all others', () => {
  it('macmon tells load, power, heat, and the memory that is shared', () => {
    const line = {
      gpu_usage: [800, 0.255],
      gpu_power: 4.5,
      temp: { gpu_temp_avg: 61.25 },
      memory: { ram_total: 17179869184, ram_usage: 8589934592 },
    };
    expect(ask(apple, () => JSON.stringify(line), ['macmon']).report.gpus).toEqual([
      expect.objectContaining({
        utilization_pct: 25.5,
        power_w: 4.5,
        temperature_c: 61.25,
        memory_used_mb: 8192,
        memory_total_mb: 16384,
      }),
    ]);
  });

  it('ioreg and powermetrics tell what they know', () => {
    const node =
      '+-o AGXAcceleratorG13X  <class AGXAcceleratorG13X>\n  "PerformanceStatistics" = {"In use system memory (driver)"=0,"Device Utilization %"=21,"In use system memory"=351141888}\n  "model" = "Apple M4"\n';
    expect(ask(apple, () => node, ['ioreg']).report.gpus).toEqual([
      expect.objectContaining({
        name: 'Apple M4',
        utilization_pct: 21,
        memory_used_mb: 335,
        memory_total_mb: null,
      }),
    ]);
    const text = 'GPU HW active residency:   12.5% (444 MHz: .97%)\nGPU Power: 1250 mW\n';
    expect(ask(apple, () => text, ['powermetrics']).report.gpus).toEqual([
      expect.objectContaining({ utilization_pct: 12.5, power_w: 1.25 }),
    ]);
    expect(
      ask(apple, () => ({ code: 1, stderr: 'powermetrics must be invoked as the superuser' }), [
        'powermetrics',
      ]).report.error,
    ).toMatch(/macmon/);
  });

  it('tegrastats tells one line', () => {
    const line =
      '01-02-2026 03:04:05 RAM 6185/7620MB (lfb 8x2MB) CPU [15%@729] GR3D_FREQ 63%@[621] cpu@53.9C gpu@54.5C tj@55C VDD_GPU_SOC 2171mW/2100mW VDD_CPU_CV 900mW/900mW\n';
    expect(ask(tegra, () => line).report.gpus).toEqual([
      expect.objectContaining({
        memory_used_mb: 6185,
        memory_total_mb: 7620,
        utilization_pct: 63,
        temperature_c: 54.5,
        power_w: 2.171,
      }),
    ]);
  });

  it('nvtop tells cells with units, and counts the GPUs of each maker', () => {
    const device = (name: string, over = {}) => ({
      device_name: name,
      temp: '48C',
      power_draw: null,
      gpu_util: '5%',
      mem_total: '4294967296',
      mem_used: '349372416',
      processes: [],
      ...over,
    });
    const list = [
      device('NVIDIA GeForce RTX 3050'),
      device('AMD Radeon 680M', { gpu_util: null }),
      device('NVIDIA T4', {
        processes: [
          { pid: '9', user: 'ada', cmdline: 'python', kind: 'compute', gpu_mem_bytes_alloc: '1048576' },
        ],
      }),
    ];
    const { gpus } = ask(nvtop, () => JSON.stringify(list)).report;
    expect(gpus.map(({ vendor, index, utilization_pct }) => [vendor, index, utilization_pct])).toEqual([
      ['nvidia', 0, 5],
      ['amd', 0, null],
      ['nvidia', 1, 5],
    ]); // prettier-ignore
    expect(gpus[2]?.processes).toEqual([{ pid: 9, name: 'python', user: 'ada', memory_mb: 1 }]);
    expect(ask(nvtop, () => 'No GPU to monitor.').report).toMatchObject({ gpus: [], error: null });
  });
});

describe('every vendor', () => {
  const pieces = fc.constantFrom(
    '[',
    ']',
    '{',
    '}',
    ',',
    ': ',
    '\n',
    '"',
    '0',
    '17',
    '-5',
    'NaN',
    '1e999',
    '[N/A]',
    'ERR!',
    'null',
    '4294967296',
    '65535',
    '99999999999999999999',
    '"gpu": 0',
    '"gpu_data": [',
    '"value": 1e400',
    '"card0": {',
    '"GPU use (%)": "NaN"',
    '"device_id": 0',
    '"device_level": [',
    '"metrics_type": "XPUM_STATS_POWER", "value": ',
    'Timestamp, DeviceId, GPU Power (W)\n',
    '1, 0, inf\n',
    'index, uuid, memory.used [MiB]\n',
    '0, GPU-1, 12 MiB\n',
    '<nvidia_smi_log>',
    '<gpu>',
    '</gpu>',
    '<utilization><gpu_util>',
    '% ',
    '=NVSMI LOG=\n',
    'GPU 0000:01:00.0\n',
    '    Utilization\n        GPU : ',
    'GPU: 0\n',
    '    USAGE:\n',
    '"device_name": "AMD"',
    '"gpu_util": "Infinity%"',
    '"engines": {',
    '"busy": ',
    'GR3D_FREQ 1e9%',
    'RAM 1/2MB',
    '"gpu_usage": [1, ',
    '+-o x\n"PerformanceStatistics" "Device Utilization %"=7',
    'GPU Power: 4 mW\n',
    'Field "index" is not a valid field to query.\n',
    'Field "pci.bus_id" is not a valid field to query.\n',
  ); // prettier-ignore
  const text = fc.oneof(
    fc
      .array(fc.oneof({ weight: 4, arbitrary: pieces }, { weight: 1, arbitrary: fc.string() }), {
        maxLength: 24,
      })
      .map((parts) => parts.join('')),
    fc.json(),
    fc.string({ unit: 'binary' }),
  );

  it('gives valid data in a bounded number of questions for any answers (property)', () => {
    const answers = fc.array(
      fc.record({ stdout: text, code: fc.constantFrom(0, 1, 18, 127, null), timedOut: fc.boolean() }),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(fc.constantFrom(...vendors), answers, (vendor, given) => {
        let turn = -1;
        const { report, asked } = inquire(vendor, () => {
          turn += 1;
          return given[turn % given.length];
        });
        for (const { sick, ...gpu } of report.gpus) {
          // Zod’s numbers are finite: neither NaN nor Infinity passes.
          Gpu.omit({ state: true }).parse(gpu);
          if (sick !== undefined) expect(sick).toMatch(/^is sick: /);
        }
        expect(asked.length).toBeLessThan(40);
      }),
      { numRuns: 2000 },
    );
  });
});
