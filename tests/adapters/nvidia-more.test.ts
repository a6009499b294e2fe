import { describe, expect, it } from 'vitest';
import { nvidia } from '../../mcp-server/src/adapters/gpus/nvidia.js';
import type { VendorAnswer } from '../../mcp-server/src/core/gpus/vendor.js';
import { inquire } from '../support/inquire.js';

// Slices, health, lost GPUs and other forms of an answer. All texts are made up after nvidia-smi's own help and manual.

const uuid = (n: number): string => `GPU-${String(n).repeat(8)}-1111-2222-3333-444444444444`;
const row = (n: number, mig = 'Disabled'): string =>
  `${n}, ${uuid(n)}, NVIDIA H100 80GB HBM3, 550.54.14, P0, 41, ${mig === 'Enabled' ? '[N/A]' : 7}, 81559, 512, 71.5, 700.00, ${mig}`;

type Reply = (question: string) => Partial<VendorAnswer> | string | undefined;
const ask = (reply: Reply, known = new Map<string, string>()) =>
  inquire(nvidia, (argv) => reply(argv.join(' ')), { known });

const base = (question: string): boolean => question.includes('--query-gpu=index,uuid');
const health = (question: string): boolean => question.includes('pci.bus_id');

describe('MIG', () => {
  const LIST = `GPU 0: NVIDIA H100 80GB HBM3 (UUID: ${uuid(0)})
  MIG 3g.40gb     Device  0: (UUID: MIG-aaaaaaaa-0000-0000-0000-000000000000)
  MIG 1g.10gb     Device  1: (UUID: MIG-bbbbbbbb-0000-0000-0000-000000000000)
GPU 1: NVIDIA H100 80GB HBM3 (UUID: ${uuid(1)})
`;
  const XML = `<?xml version="1.0" ?>
<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">
<nvidia_smi_log><attached_gpus>2</attached_gpus>
<gpu id="00000000:17:00.0"><product_name>NVIDIA H100 80GB HBM3</product_name><uuid>${uuid(0)}</uuid>
<mig_devices>
<mig_device><index>0</index><gpu_instance_id>2</gpu_instance_id><compute_instance_id>0</compute_instance_id>
<fb_memory_usage><total>40448 MiB</total><used>21504 MiB</used></fb_memory_usage></mig_device>
<mig_device><index>1</index><gpu_instance_id>7</gpu_instance_id><compute_instance_id>0</compute_instance_id>
<fb_memory_usage><total>9728 MiB</total><used>12 MiB</used></fb_memory_usage></mig_device>
</mig_devices>
<processes><process_info><gpu_instance_id>2</gpu_instance_id><compute_instance_id>0</compute_instance_id>
<pid>4711</pid><type>C</type><process_name>python3</process_name><used_memory>21490 MiB</used_memory></process_info></processes>
</gpu><gpu id="00000000:65:00.0"><uuid>${uuid(1)}</uuid></gpu></nvidia_smi_log>`;
  const TEXT = `==============NVSMI LOG==============

Attached GPUs                             : 1
GPU 00000000:17:00.0
    Product Name                          : NVIDIA H100 80GB HBM3
    MIG Device
        Index                             : 0
        GPU Instance ID                   : 2
        Compute Instance ID               : 0
        Shared FB Memory Usage
            Total                         : 40448 MiB
            Used                          : 21504 MiB
    MIG Device
        Index                             : 1
        GPU Instance ID                   : 7
        Compute Instance ID               : 0
        Shared FB Memory Usage
            Total                         : 9728 MiB
            Used                          : 12 MiB
    GPU UUID                              : ${uuid(0)}
    Processes
        GPU instance ID                   : 2
        Compute instance ID               : 0
        Process ID                        : 4711
            Type                          : C
            Name                          : python3
            Used GPU Memory               : 21490 MiB
`;
  const divided: (report: string) => Reply = (report) => (question) => {
    if (base(question)) return `${row(0, 'Enabled')}\n${row(1)}\n`;
    if (question.includes('compute-apps')) return `${uuid(0)}, 4711, python3, 21490\n`;
    if (question === 'nvidia-smi -L') return LIST;
    return question === 'nvidia-smi -q -x' ? report : undefined;
  };

  it.each([
    ['XML', XML],
    ['text', TEXT],
  ])('lists the slices in place of their GPU, with memory and processes of each (%s)', (_, report) => {
    const { gpus, notes, error } = ask(divided(report)).report;
    expect(error).toBeNull();
    expect(
      gpus.map(({ index, uuid: id, name, memory_used_mb, memory_total_mb }) => [
        index,
        id,
        name,
        memory_used_mb,
        memory_total_mb,
      ]),
    ).toEqual([
      [0, 'MIG-aaaaaaaa-0000-0000-0000-000000000000', 'NVIDIA H100 80GB HBM3 MIG 3g.40gb', 21504, 40448],
      [0, 'MIG-bbbbbbbb-0000-0000-0000-000000000000', 'NVIDIA H100 80GB HBM3 MIG 1g.10gb', 12, 9728],
      [1, uuid(1), 'NVIDIA H100 80GB HBM3', 512, 81559],
    ]); // prettier-ignore
    expect(gpus.map((gpu) => gpu.processes.map(({ pid }) => pid))).toEqual([[4711], [], []]);
    // The driver tells neither load nor power of a slice.
    expect(gpus[0]).toMatchObject({ utilization_pct: null, power_w: null, temperature_c: 41 });
    expect(notes).toEqual([
      'GPU 0 is divided into 2 MIG slices, which are leased one by one; it draws 72 W as a whole.',
    ]);
  });

  it('asks for the long report only where a GPU is divided', () => {
    const { asked } = ask((question) => (base(question) ? `${row(0)}\n` : ''));
    expect(asked).not.toContain('nvidia-smi -q -x');
    expect(asked).not.toContain('nvidia-smi -L');
  });
});

describe('health', () => {
  const fields = (question: string): string[] => /--query-gpu=(\S+)/.exec(question)?.[1]?.split(',') ?? [];
  const cells: Record<string, string> = {
    index: '0',
    'pci.bus_id': '00000000:17:00.0',
    'ecc.errors.uncorrected.volatile.total': '0',
    'retired_pages.pending': '[N/A]',
    'remapped_rows.pending': 'No',
    'remapped_rows.failure': 'No',
    gpu_recovery_action: 'None',
    'clocks_event_reasons.active': '0x0000000000000001',
    'clocks_throttle_reasons.active': '0x0000000000000001',
  };
  /** A driver that knows all fields but these. */
  const driver =
    (over: Record<string, string> = {}, unknown: string[] = [], dmesg?: string): Reply =>
    (question) => {
      if (question === 'dmesg') return dmesg;
      if (base(question)) return `${row(0)}\n`;
      if (!health(question)) return '';
      const lost = fields(question).find((field) => unknown.includes(field));
      if (lost !== undefined)
        return { code: 2, stdout: `Field "${lost}" is not a valid field to query.\n\n` };
      return `${fields(question)
        .map((field) => over[field] ?? cells[field])
        .join(', ')}\n`;
    };

  it('is asked without risk for the base query, and refused fields are asked for once', () => {
    const known = new Map<string, string>();
    const unknown = ['gpu_recovery_action', 'clocks_event_reasons.active'];
    const first = ask(driver({ 'clocks_throttle_reasons.active': '0x0000000000000040' }, unknown), known);
    expect(first.report.gpus).toHaveLength(1);
    expect(first.report.notes).toEqual(['GPU 0 throttles: it is slowed down because it is too hot.']);
    expect(first.asked.filter(health)).toHaveLength(3);
    const again = ask(driver({}, unknown), known);
    expect(again.asked.filter(health)).toHaveLength(1);
    expect(again.report.notes).toEqual([]);
  });

  it.each([
    ['ecc.errors.uncorrected.volatile.total', '3', /3 uncorrectable memory errors \(ECC\).*gpu-reset/],
    ['remapped_rows.failure', 'Yes', /needs to be replaced/],
    ['retired_pages.pending', 'Yes', /pages wait to be retired/],
    ['gpu_recovery_action', 'Reset', /asks for its recovery \(Reset\)/],
  ])('calls a GPU sick by %s', (field, value, words) => {
    const { gpus } = ask(driver({ [field]: value })).report;
    expect(gpus[0]?.sick).toMatch(words);
  });

  it('tells why from the kernel’s log, where it may be read', () => {
    const dmesg =
      '[1.0] NVRM: Xid (PCI:0000:17:00): 31, pid=1\n[2.0] NVRM: Xid (PCI:0000:17:00): 48, pid=77, DBE\n';
    const { notes } = ask(driver({ 'ecc.errors.uncorrected.volatile.total': '1' }, [], dmesg)).report;
    expect(notes).toEqual(['GPU 0: the kernel’s log tells of Xid 48 (an uncorrectable memory error).']);
    expect(ask(driver()).asked).not.toContain('dmesg');
  });

  it('takes no other answer for a verdict on health', () => {
    // The rows of another question, and words.
    for (const other of [`${row(0)}\n`, 'Segmentation fault', '0, x\n']) {
      const { gpus } = ask((question) =>
        base(question) || health(question) ? (health(question) ? other : `${row(0)}\n`) : '',
      ).report;
      expect(gpus[0]?.sick).toBeUndefined();
    }
  });

  it('is not asked of a driver that is slow already', () => {
    const { asked } = ask((question) => (base(question) ? { stdout: `${row(0)}\n`, ms: 4000 } : ''));
    expect(asked.filter(health)).toEqual([]);
  });
});

describe('a GPU that must be reset', () => {
  it('is sick', () => {
    const cells = row(0)
      .split(', ')
      .map((cell, at) => (at === 6 ? '[GPU requires reset]' : cell));
    const { gpus, notes } = ask((question) => (base(question) ? `${cells.join(', ')}\n` : '')).report;
    expect(gpus[0]).toMatchObject({
      utilization_pct: null,
      sick: 'is sick: it answers "GPU requires reset"; reset it (nvidia-smi --gpu-reset) or reboot',
    });
    expect(notes[0]).toContain('utilization.gpu');
  });
});

describe('a lost GPU', () => {
  const LOST = 'Unable to determine the device handle for GPU0000:0B:00.0: Unknown Error\n';

  it('does not hide the others', () => {
    const { report } = ask((question) => {
      if (question === 'nvidia-smi -L') return `${LOST}GPU 1: NVIDIA H100 (UUID: ${uuid(1)})\n`;
      if (question === 'dmesg') return 'NVRM: Xid (PCI:0000:0b:00): 79, pid=1, GPU has fallen off the bus.\n';
      if (base(question))
        return question.includes(`--id=${uuid(1)}`) ? `${row(1)}\n` : { code: 255, stdout: LOST };
      return '';
    });
    expect(report.gpus.map((gpu) => gpu.uuid)).toEqual([uuid(1)]);
    expect(report.error).toMatch(/GPU at 0000:0B:00\.0 no longer answers/);
    expect(report.notes).toContain(
      'The GPU at 0000:0b:00: the kernel’s log tells of Xid 79 (it has fallen off the bus; it needs a reboot, often a power cycle).',
    );
  });
});

describe('other forms of an answer', () => {
  it('reads a whole report where a wrapper answers with one', () => {
    const xml = `<nvidia_smi_log><gpu id="00000000:01:00.0"><product_name>NVIDIA RTX 6000</product_name>
<uuid>${uuid(0)}</uuid><fb_memory_usage><total>49140 MiB</total><used>600 MiB</used></fb_memory_usage>
<utilization><gpu_util>3 %</gpu_util></utilization><temperature><gpu_temp>37 C</gpu_temp></temperature>
<gpu_power_readings><power_draw>N/A</power_draw><instant_power_draw>66.84 W</instant_power_draw></gpu_power_readings>
<processes><process_info><pid>9</pid><type>G</type></process_info><process_info><pid>10</pid><type>C+G</type><used_memory>N/A</used_memory></process_info></processes>
</gpu></nvidia_smi_log>`;
    const { gpus, error } = ask(() => xml).report;
    expect(error).toBeNull();
    expect(gpus).toEqual([
      expect.objectContaining({
        uuid: uuid(0),
        memory_used_mb: 600,
        utilization_pct: 3,
        temperature_c: 37,
        power_w: 66.84,
      }),
    ]);
    expect(gpus[0]?.processes).toEqual([{ pid: 10, name: null, user: null, memory_mb: null }]);
  });

  it('reads the table that nvidia-smi prints unasked', () => {
    const table = `Sat Apr 19 10:08:49 2014
+------------------------------------------------------+
| NVIDIA-SMI 331.20     Driver Version: 331.20         |
|-------------------------------+----------------------+----------------------+
| GPU  Name        Persistence-M| Bus-Id        Disp.A | Volatile Uncorr. ECC |
| Fan  Temp  Perf  Pwr:Usage/Cap|         Memory-Usage | GPU-Util  Compute M. |
|===============================+======================+======================|
|   0  Tesla K40m          Off  | 0000:03:00.0     Off |                    0 |
| N/A   44C    P0    63W / 235W |    512MiB / 11519MiB |     97%      Default |
+-------------------------------+----------------------+----------------------+
|   1  GeForce GTX TITAN   N/A  | 0000:04:00.0     N/A |                  N/A |
| 30%   35C  N/A    ERR! /  N/A |       14MB /  6143MB |     N/A      Default |
+-------------------------------+----------------------+----------------------+
`;
    const { gpus, error } = ask(() => table).report;
    expect(error).toBeNull();
    const cells = gpus.map((gpu) => [
      gpu.index,
      gpu.name,
      gpu.memory_used_mb,
      gpu.memory_total_mb,
      gpu.utilization_pct,
      gpu.temperature_c,
      gpu.power_w,
    ]);
    expect(cells).toEqual([
      [0, 'Tesla K40m', 512, 11519, 97, 44, 63],
      [1, 'GeForce GTX TITAN', 14, 6143, null, 35, null],
    ]);
  });

  it('counts the rows where a header leaves out the index', () => {
    const { gpus } = ask((question) =>
      base(question) ? 'name, utilization.gpu [%], power.draw [W]\nA, 100, 22.5\nB, [N/A], 11\n' : '',
    ).report;
    expect(
      gpus.map(({ index, name, utilization_pct, power_w }) => [index, name, utilization_pct, power_w]),
    ).toEqual([
      [0, 'A', 100, 22.5],
      [1, 'B', null, 11],
    ]);
  });

  it('takes no number from columns that it did not ask for', () => {
    const { gpus, error } = ask(() => '0, NVIDIA A10, 45, 19676, 23028, 0, 58.98\n').report;
    expect(gpus).toEqual([
      expect.objectContaining({
        index: 0,
        name: 'NVIDIA A10',
        memory_used_mb: null,
        temperature_c: null,
        power_w: null,
      }),
    ]);
    expect(error).toMatch(/other columns than the 12 it was asked for/);
  });
});
