import { describe, expect, it } from 'vitest';
import { vendors } from '../../mcp-server/src/adapters/gpus/index.js';
import { LabError } from '../../mcp-server/src/core/errors.js';
import { GpuSurvey } from '../../mcp-server/src/core/gpu.js';
import type { ExecOptions, ExecResult } from '../../mcp-server/src/core/ports.js';
import { surveyGpus } from '../../mcp-server/src/engine/runs/gpus.js';

function answer(stdout: string, over: Partial<ExecResult> = {}): ExecResult {
  return { code: 0, signal: null, stdout, stderr: '', timedOut: false, truncated: false, ...over };
}

const UUID0 = 'GPU-0a0a0a0a-1111-2222-3333-444444444444';
const UUID1 = 'GPU-1b1b1b1b-1111-2222-3333-444444444444';
const ROW0 = `0, ${UUID0}, NVIDIA A100-SXM4-40GB, 550.54.14, P0, 41, 87, 40960, 20580, 251.37, 400.00, Disabled`;
const ROW1 = `1, ${UUID1}, NVIDIA A100-SXM4-40GB, 550.54.14, P0, 29, 0, 40960, 4, 52.10, 400.00, Disabled`;

describe('surveyGpus', () => {
  interface Call {
    argv: readonly string[];
    options: ExecOptions | undefined;
  }

  function machine(reply: (argv: readonly string[]) => ExecResult): {
    name: string;
    calls: Call[];
    exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  } {
    const calls: Call[] = [];
    return {
      name: 'box',
      calls,
      exec: async (argv, options) => {
        calls.push({ argv, options });
        return reply(argv);
      },
    };
  }

  const still = () => 0;
  const present = () => ['nvidia-smi'];

  function smi(argv: readonly string[]): ExecResult {
    if (argv[0] === 'stat') return answer('/proc/8123 1000 ada\n/proc/8124 4711 UNKNOWN\n', { code: 1 });
    return argv[1]?.startsWith('--query-gpu') === true
      ? answer(`${ROW0}\n${ROW1}\n`)
      : answer(`${UUID0}, 8123, python, 9000\n${UUID0}, 8124, python, 9000\n${UUID0}, 8125, python, 9000\n`);
  }

  it('tells the state of each GPU and the user of each process', async () => {
    const box = machine(smi);
    const survey = await surveyGpus({ machine: box, vendors, present, clock: still });
    expect(GpuSurvey.parse(survey)).toEqual(survey);
    expect(survey.gpus.map((gpu) => gpu.state)).toEqual(['busy', 'free']);
    expect(survey.gpus[0]?.processes.map((process) => process.user)).toEqual(['ada', 'uid 4711', null]);
    expect(box.calls.every((call) => (call.options?.timeoutMs ?? Infinity) <= 10_000)).toBe(true);
  });

  it('is calm where there is no GPU program', async () => {
    const survey = await surveyGpus({
      machine: machine(() => answer('', { code: 127, stderr: 'nvidia-smi: not found' })),
      vendors,
      present: () => [],
      clock: still,
    });
    expect(survey).toMatchObject({ machine: 'box', gpus: [], error: null });
    expect(survey.notes).toEqual([
      'box has no program that tells about GPUs (looked for nvidia-smi, amd-smi, xpu-smi, macmon, tegrastats, nvtop). If it has a GPU, install its driver.',
    ]);
  });

  it('tells a missing library from a missing program, though both exit with 127', async () => {
    const stderr =
      'nvidia-smi: error while loading shared libraries: libnvidia-ml.so.1: cannot open shared object file';
    const survey = await surveyGpus({
      machine: machine(() => answer('', { code: 127, stderr })),
      vendors,
      present,
      clock: still,
    });
    expect(survey.error).toMatch(/libnvidia-ml\.so\.1/);
  });

  it('advises on a slow driver', async () => {
    let now = 0;
    const box = machine((argv) => {
      now += argv[0] === 'nvidia-smi' ? 2300 : 0;
      return smi(argv);
    });
    const survey = await surveyGpus({ machine: box, vendors, present, clock: () => now });
    expect(survey.notes?.[0]).toMatch(/^nvidia-smi took 2\.3 s to answer: .*nvidia-smi -pm 1/);
  });

  it('asks a hanging driver only once, and the kernel why', async () => {
    const box = machine(() => answer('', { code: null, signal: 'SIGKILL', timedOut: true }));
    const survey = await surveyGpus({ machine: box, vendors, present, clock: still });
    expect(box.calls.map(({ argv }) => argv[0])).toEqual(['nvidia-smi', 'dmesg']);
    expect(survey.error).toMatch(/did not answer in time/);
  });

  it('says that a machine cannot be reached, and lets defects through', async () => {
    const failing = (error: Error) => ({ name: 'far', exec: () => Promise.reject(error) });
    const survey = await surveyGpus({
      machine: failing(new LabError('far cannot be reached', 'check the network')),
      vendors,
      clock: still,
    });
    expect(survey).toEqual({ machine: 'far', gpus: [], error: 'far cannot be reached: check the network' });
    await expect(
      surveyGpus({ machine: failing(new TypeError('oops')), vendors, present, clock: still }),
    ).rejects.toThrow('oops');
  });

  it('rejects with the reason of an abort', async () => {
    const abort = new AbortController();
    const box = machine(() => {
      abort.abort(new Error('enough'));
      return answer('', { code: null, signal: 'SIGTERM' });
    });
    await expect(
      surveyGpus({ machine: box, vendors, present, clock: still, signal: abort.signal }),
    ).rejects.toThrow('enough');
  });
});
