import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nvidia } from '../../mcp-server/src/adapters/gpus/nvidia.js';
import { Gpu } from '../../mcp-server/src/core/gpu.js';
import type { ExecResult } from '../../mcp-server/src/core/ports.js';
import { inquire } from '../support/inquire.js';

function answer(stdout: string, over: Partial<ExecResult> = {}): ExecResult {
  return { code: 0, signal: null, stdout, stderr: '', timedOut: false, truncated: false, ...over };
}

const UUID0 = 'GPU-0a0a0a0a-1111-2222-3333-444444444444';
const UUID1 = 'GPU-1b1b1b1b-1111-2222-3333-444444444444';
const ROW0 = `0, ${UUID0}, NVIDIA A100-SXM4-40GB, 550.54.14, P0, 41, 87, 40960, 20580, 251.37, 400.00, Disabled`;
const ROW1 = `1, ${UUID1}, NVIDIA A100-SXM4-40GB, 550.54.14, P0, 29, 0, 40960, 4, 52.10, 400.00, Disabled`;

/** A driver that tells its rows and its processes, and nothing else. */
function parse(gpuText: string, appText: string | ExecResult = '', over: Partial<ExecResult> = {}) {
  return inquire(nvidia, ([, question = '']) => {
    if (question.startsWith('--query-compute-apps'))
      return typeof appText === 'string' ? answer(appText) : appText;
    return question.startsWith('--query-gpu=index,uuid') ? answer(gpuText, over) : undefined;
  }).report;
}

describe('nvidia rows', () => {
  it('reads every cell', () => {
    const { gpus, error, notes } = parse(`${ROW0}\n${ROW1}\n`, `${UUID0}, 8123, python, 20560\n`);
    expect(error).toBeNull();
    expect(notes).toEqual([]);
    expect(gpus).toEqual([
      {
        index: 0,
        uuid: UUID0,
        vendor: 'nvidia',
        name: 'NVIDIA A100-SXM4-40GB',
        memory_used_mb: 20580,
        memory_total_mb: 40960,
        utilization_pct: 87,
        temperature_c: 41,
        power_w: 251.37,
        processes: [{ pid: 8123, name: 'python', user: null, memory_mb: 20560 }],
      },
      {
        index: 1,
        uuid: UUID1,
        vendor: 'nvidia',
        name: 'NVIDIA A100-SXM4-40GB',
        memory_used_mb: 4,
        memory_total_mb: 40960,
        utilization_pct: 0,
        temperature_c: 29,
        power_w: 52.1,
        processes: [],
      },
    ]);
  });

  it('reads the same with a header and with units', () => {
    const header =
      'index, uuid, name, driver_version, pstate, temperature.gpu, utilization.gpu [%], memory.total [MiB], memory.used [MiB], power.draw [W], power.limit [W], mig.mode.current';
    const row = `0, ${UUID0}, NVIDIA A100-SXM4-40GB, 550.54.14, P0, 41, 87 %, 40960 MiB, 20580 MiB, 251.37 W, 400.00 W, Disabled`;
    const apps = `gpu_uuid, pid, process_name, used_gpu_memory [MiB]\r\n${UUID0}, 8123, python, 20560 MiB\r\n`;
    expect(parse(`${header}\r\n${row}\r\n`, apps)).toEqual(parse(ROW0, `${UUID0}, 8123, python, 20560`));
  });

  it('takes the columns from the header where there is one', () => {
    const { gpus } = parse(`index, memory.used [MiB], uuid\n3, 17 MiB, ${UUID1}\n`);
    expect(gpus[0]).toMatchObject({
      index: 3,
      memory_used_mb: 17,
      uuid: UUID1,
      name: null,
      utilization_pct: null,
    });
  });

  it.each([
    '[N/A]',
    'N/A',
    '[Not Supported]',
    '[Unknown Error]',
    '[Insufficient Permissions]',
    'ERR!',
    '',
    '12abc',
    '0x1f',
  ])('makes null of a cell that says %j', (cell) => {
    const { gpus } = parse(
      `0, ${UUID0}, ${cell}, 550.54, P0, ${cell}, ${cell}, ${cell}, ${cell}, ${cell}, ${cell}, [N/A]`,
    );
    expect(gpus[0]).toMatchObject({
      temperature_c: null,
      utilization_pct: null,
      memory_used_mb: null,
      memory_total_mb: null,
      power_w: null,
    });
  });

  it('notes a fault in a cell without hiding the other GPUs', () => {
    const sick = `0, ${UUID0}, NVIDIA A100-SXM4-40GB, 550.54.14, P0, ERR!, [Unknown Error], [Unknown Error], [Unknown Error], 51.0, 400.0, Disabled`;
    const { gpus, error, notes } = parse(`${sick}\n${ROW1}\n`);
    expect(error).toBeNull();
    expect(gpus.map((gpu) => gpu.memory_used_mb)).toEqual([null, 4]);
    expect(notes[0]).toBe('GPU 0 answers "ERR!" for temperature.gpu; dmesg may tell why.');
  });

  it('lists a GPU as one whose MIG slices are not told, with the processes of its slices', () => {
    const row = `0, ${UUID0}, NVIDIA H100 80GB HBM3, 590.48, P0, 36, [N/A], 81559, 13800, 211.0, 700.0, Enabled`;
    const apps = `${UUID0}, 10, python, 5000\nMIG-${UUID0}/7/0, 11, python, 4000\nMIG-99999999-0000-0000-0000-000000000000, 12, python, 3000\n`;
    const { gpus, error, notes } = parse(row, apps);
    expect(error).toBeNull();
    expect(gpus).toHaveLength(1);
    expect(gpus[0]?.utilization_pct).toBeNull();
    expect(gpus[0]?.processes.map((process) => process.pid)).toEqual([10, 11, 12]);
    expect(notes).toEqual([
      'GPU 0 is divided into MIG slices, which nvidia-smi did not tell; a run that is given it sees one slice.',
    ]);
  });
});

describe('nvidia processes', () => {
  it('keeps commas in names, and joins on the UUID whatever the order', () => {
    const apps = `${UUID1}, 9, python -c a=[1, 2], b, 300\n${UUID0}, 8, [Not Found], [N/A]\n`;
    const { gpus } = parse(`${ROW0}\n${ROW1}`, apps);
    expect(gpus[1]?.processes).toEqual([
      { pid: 9, name: 'python -c a=[1, 2], b', user: null, memory_mb: 300 },
    ]);
    expect(gpus[0]?.processes).toEqual([{ pid: 8, name: null, user: null, memory_mb: null }]);
  });

  it('says what it could not join or read', () => {
    const apps = `GPU-ffffffff-0000-0000-0000-000000000000, 9, python, 300\n${UUID0}, [N/A], python, 300\n`;
    const { gpus, notes } = parse(`${ROW0}\n${ROW1}`, apps);
    expect(gpus.flatMap((gpu) => gpu.processes)).toEqual([]);
    expect(notes).toEqual([
      'Process 9 uses the GPU GPU-ffffffff-0000-0000-0000-000000000000, which is not listed.',
      '1 line on GPU processes could not be read.',
    ]);
  });

  it('still lists the GPUs when the processes are not told', () => {
    for (const apps of [answer('', { code: 15 }), answer('', { code: null, timedOut: true })]) {
      const { gpus, notes } = parse(ROW0, apps);
      expect(gpus).toHaveLength(1);
      expect(notes[0]).toMatch(/did not tell which processes/);
    }
  });

  it('takes terminal escapes out of names', () => {
    expect(parse(ROW0, `${UUID0}, 8, evil\u001b]0;title\u0007name, 5`).gpus[0]?.processes[0]?.name).toBe(
      'evilname',
    );
  });
});

describe('nvidia failures', () => {
  it.each([
    [
      'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 550.54',
      18,
      /updated while the old one is still loaded.*Reboot/,
    ],
    [
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure …",
      9,
      /modprobe nvidia/,
    ],
    [
      'Unable to determine the device handle for GPU0: 0000:0B:00.0: Unknown Error',
      255,
      /GPU at 0000:0B:00\.0 no longer answers.*Xid/,
    ],
    [
      'Unable to determine the device handle for GPU 0000:0B:00.0: GPU is lost.  Reboot',
      15,
      /GPU at 0000:0B:00\.0 no longer/,
    ],
    ['Failed to initialize NVML: Unknown Error', 255, /container has lost its access.*Restart/],
    ['Failed to initialize NVML: Insufficient Permissions', 4, /group that owns \/dev\/nvidia/],
    ['No devices were found', 6, /finds no GPU/],
    [
      'Field "mig.mode.current" is not a valid field to query.',
      2,
      /does not know the field "mig\.mode\.current"/,
    ],
    ["NVIDIA-SMI couldn't find libnvidia-ml.so library in your system.", 12, /does not find a library/],
    ['Failed to initialize NVML: GPU access blocked by the operating system', 17, /wsl --shutdown/],
  ])('explains %j', (text, code, meaning) => {
    const onStdout = parse(`${text}\n`, '', { code });
    expect(onStdout.gpus).toEqual([]);
    expect(onStdout.error).toMatch(meaning);
    expect(parse('', '', { code, stderr: text }).error).toBe(onStdout.error);
  });

  it('keeps the GPUs that answer beside the one that is lost', () => {
    const { gpus, error } = parse(
      `Unable to determine the device handle for GPU 0000:0B:00.0: Unknown Error\n${ROW1}\n`,
      '',
      { code: 15 },
    );
    expect(gpus.map((gpu) => gpu.index)).toEqual([1]);
    expect(error).toMatch(/0000:0B:00\.0/);
  });

  it('quotes what it does not know, bounded, and never reads numbers from it', () => {
    const { gpus, error } = parse(`segment 7, 8, 9\n${'z'.repeat(5000)}`, '', { code: 3 });
    expect(gpus).toEqual([]);
    expect(error).toMatch(/^nvidia-smi exited with 3 and said "segment 7, 8, 9 z+…"/);
    expect(error?.length).toBeLessThan(300);
    expect(parse('', '', { code: null }).error).toMatch(/ended by a signal/);
  });

  it('says that the driver hangs when there is no answer in time', () => {
    expect(parse('', '', { code: null, timedOut: true }).error).toMatch(/did not answer in time/);
  });

  it('gives valid data or an error for any text (property)', () => {
    const cell = fc.oneof(
      fc.constantFrom('0', '1', UUID0, '[N/A]', 'ERR!', '12 MiB', '1e9', '-5', '∞', 'Enabled'),
      fc.string(),
    );
    const text = fc
      .array(
        fc.array(cell, { maxLength: 15 }).map((cells) => cells.join(', ')),
        { maxLength: 6 },
      )
      .map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, text, fc.constantFrom(0, 1, null), (gpuText, appText, code) => {
        const report = parse(gpuText, appText, { code });
        for (const { sick: _, ...gpu } of report.gpus) Gpu.omit({ state: true }).parse(gpu);
        if (report.gpus.length === 0) expect(report.error).not.toBeNull();
      }),
    );
  });
});
