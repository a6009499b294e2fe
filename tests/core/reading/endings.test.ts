import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAYBE } from '../../../mcp-server/src/core/reading/ending-rules.js';
import {
  createEndingScanner,
  EndingState,
  type TextFinding,
} from '../../../mcp-server/src/core/reading/endings.js';
import { LineSplitter } from '../../../mcp-server/src/core/reading/lines.js';
import { createLogReader } from '../../../mcp-server/src/core/reading/log.js';

function scan(text: string): TextFinding[] {
  const scanner = createEndingScanner();
  for (const [index, line] of text.split('\n').entries()) scanner.scan(line, index + 1);
  return scanner.findings();
}
const brief = (text: string) => scan(text).map(({ kind, line, fatal }) => ({ kind, line, fatal }));

describe('endings', () => {
  it.each<[string, string]>([
    [
      'gpu_oom',
      'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 23.65 GiB',
    ],
    ['gpu_oom', 'RuntimeError: HIP out of memory. Tried to allocate 2.00 GiB'],
    [
      'gpu_oom',
      'jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 17179869184 bytes.',
    ],
    [
      'gpu_oom',
      'ResourceExhaustedError: OOM when allocating tensor with shape[8,512] on /device:GPU:0 by allocator GPU_0_bfc',
    ],
    [
      'host_oom',
      'ResourceExhaustedError: OOM when allocating tensor with shape[8,512] on /device:CPU:0 by allocator cpu',
    ],
    [
      'host_oom',
      "RuntimeError: [enforce fail at alloc_cpu.cpp:83] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes.",
    ],
    [
      'host_oom',
      'slurmstepd: error: Detected 1 oom_kill event in StepId=12.batch. Some of the step tasks have been OOM Killed.',
    ],
    ['host_oom', 'MemoryError'],
    ['killed', 'Killed'],
    ['killed', '/var/spool/job/script.sh: line 12:  4711 Killed                  python train.py'],
    ['nan_loss', 'Loss is nan, stopping training'],
    [
      'collective_timeout',
      '[E ProcessGroupNCCL.cpp:563] [Rank 2] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=7, OpType=ALLREDUCE)',
    ],
    ['device_assert', 'RuntimeError: CUDA error: device-side assert triggered'],
    ['device_assert', 'Loss.cu:92: block: [1,0,0], thread: [3,0,0] Assertion `input_val >= zero` failed.'],
    ['gpu_error', 'RuntimeError: CUDA error: an illegal memory access was encountered'],
    [
      'shared_memory',
      "RuntimeError: DataLoader worker (pid 7) is killed by signal: Bus error. It is possible that dataloader's workers are out of shared memory.",
    ],
    ['disk_full', 'OSError: [Errno 28] No space left on device'],
    ['missing_module', "ModuleNotFoundError: No module named 'flash_attn'"],
    ['missing_file', "FileNotFoundError: [Errno 2] No such file or directory: 'data/train.bin'"],
    ['missing_command', 'sh: 1: pythn: not found'],
    ['assertion', 'AssertionError: shapes differ'],
    ['keyboard_interrupt', 'KeyboardInterrupt'],
    [
      'time_limit',
      'slurmstepd-n1: error: *** JOB 6 ON n1 CANCELLED AT 2026-01-02T22:26:28 DUE TO TIME LIMIT ***',
    ],
    [
      'preempted',
      'slurmstepd: error: *** JOB 6 ON n1 CANCELLED AT 2026-01-02T22:26:28 DUE TO PREEMPTION ***',
    ],
    [
      'requeued',
      'slurmstepd: error: *** JOB 6 ON n1 CANCELLED AT 2026-01-02T22:26:28 DUE TO JOB REQUEUE ***',
    ],
    ['permission', "PermissionError: [Errno 13] Permission denied: '/data/x'"],
    ['crash', 'Segmentation fault (core dumped)'],
    ['traceback', "AttributeError: 'dict' object has no attribute 'tail'"],
    ['traceback', 'mylib.errors.BadBatchError: batch 3'],
  ])('%s: %s', (kind, text) => {
    const [finding] = scan(`loss: 0.5\n${text}`);
    expect(finding).toMatchObject({ kind, line: 2, fatal: true });
    expect(finding?.text).toContain(text.slice(0, 40));
  });

  it('finds the root cause behind the launcher’s summary and other ranks', () => {
    const text = [
      '[rank1]: Traceback (most recent call last):',
      '[rank0]: step 5 loss 0.1',
      '[rank1]:   File "train.py", line 9, in <module>',
      "[rank1]:     raise KeyError('x')",
      "[rank1]: KeyError: 'x'",
      '[E ProcessGroupNCCL.cpp:563] [Rank 0] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=7)',
      'torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ',
      'train.py FAILED',
    ].join('\n');
    expect(scan(text)[0]).toMatchObject({ kind: 'traceback', line: 5, text: "KeyError: 'x'", fatal: true });
    expect(brief(text).at(-1)).toMatchObject({ kind: 'child_failed' });
  });

  it('takes the last of chained exceptions, and an exception of any name under a traceback', () => {
    const text =
      'Traceback (most recent call last):\n  File "a.py", line 1, in f\nKeyError: 1\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File "a.py", line 2, in f\nRuntimeError: no';
    expect(brief(text)).toEqual([{ kind: 'traceback', line: 9, fatal: true }]);
    expect(
      scan('Traceback (most recent call last):\n  File "a.py", line 1\n    x()\nStopTraining: enough')[0]
        ?.text,
    ).toBe('StopTraining: enough');
  });

  it('does not take quoted source for what happened', () => {
    expect(
      scan(
        'Traceback (most recent call last):\n  File "a.py", line 1\n    raise FileNotFoundError("x")\nValueError: y',
      ).map((f) => f.kind),
    ).toEqual(['traceback']);
  });

  it('calls a warning, and what training went on after, not fatal', () => {
    expect(
      brief(
        '2018-04-07 10:50:16.6: W tensorflow/core/bfc_allocator.cc] Allocator (GPU_0_bfc) ran out of memory trying to allocate 2.2GiB. The caller indicates that this is not a failure',
      ),
    ).toMatchObject([{ kind: 'gpu_oom', fatal: false }]);
    const survived =
      'RuntimeError: CUDA out of memory. Tried to allocate 2 MiB\nstep 1 loss: 0.4\nstep 2 loss: 0.3\nstep 3 loss: 0.3';
    expect(brief(survived)).toEqual([{ kind: 'gpu_oom', line: 1, fatal: false }]);
    expect(brief(`${survived}\nRuntimeError: CUDA out of memory. Tried to allocate 2 MiB`)).toEqual([
      { kind: 'gpu_oom', line: 5, fatal: true },
      { kind: 'gpu_oom', line: 1, fatal: false },
    ]);
    // Another rank's last step does not mean that the run goes on.
    expect(brief('RuntimeError: CUDA out of memory.\nstep 1 loss: 0.4')).toMatchObject([{ fatal: true }]);
  });

  it('finds nothing in healthy logs', () => {
    const healthy = [
      'step 1 | loss 0.5',
      'Epoch 1/5: 100%|███| 22/22 [00:00<00:00]',
      'error_rate: 0.12',
      'val_error=0.3',
      'Saving checkpoint to out',
      'label_errors: 3',
      'mean absolute error 0.1',
      'UserWarning: something',
      'signal-to-noise: 3.1',
      'Timeout set to 1800 s',
    ];
    expect(scan(healthy.join('\n'))).toEqual([]);
  });

  it('quotes the telling part of a long line in at most 300 characters', () => {
    const [finding] = scan(
      `${'Epoch 0: 6%|█| '.repeat(40)}[E ProcessGroupNCCL.cpp:458] Watchdog caught collective operation timeout: WorkNCCL(${'x'.repeat(400)})`,
    );
    expect(finding?.text).toContain('Watchdog caught');
    expect(finding?.text.length).toBeLessThanOrEqual(300);
  });

  it('remembers a bounded number of findings, the first ones and the last ones', () => {
    const scanner = createEndingScanner();
    for (let i = 1; i <= 500; i += 1)
      scanner.scan(
        i % 2 === 0 ? `ValueError: number ${i}` : `OSError: [Errno 28] No space left on device ${i}`,
        i,
      );
    expect(scanner.findings().length).toBeLessThan(30);
    expect(scanner.findings()[0]?.line).toBe(1);
  });

  it('never throws and goes on from a snapshot', () => {
    const lines = fc.array(
      fc.oneof(
        fc.constantFrom(
          'Traceback (most recent call last):',
          '  File "a.py", line 1',
          "KeyError: 'x'",
          'step 3 loss: 0.1',
          'Killed',
          '[rank1]: ValueError: 3',
          'CUDA out of memory',
          'During handling of the above exception, another exception occurred:',
          '',
        ),
        fc.string({ unit: 'binary', maxLength: 20 }),
      ),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(lines, fc.nat(30), (all, cut) => {
        const text = all.map((line) => line.replaceAll('\n', ' '));
        let scanner = createEndingScanner();
        for (const [index, line] of text.entries()) {
          if (index === cut)
            scanner = createEndingScanner(EndingState.parse(JSON.parse(JSON.stringify(scanner.snapshot()))));
          scanner.scan(line, index + 1);
        }
        expect(scanner.findings()).toEqual(scan(text.join('\n')));
      }),
      { numRuns: 500 },
    );
  });

  it('sees an error again that was survived before, in the same words', () => {
    const round =
      'RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB\nstep 1 loss: 0.5\nstep 2 loss: 0.5\nstep 3 loss: 0.5\nstep 4 loss: 0.5\n';
    const splitter = new LineSplitter();
    const log = createLogReader();
    log.read(
      splitter.push(
        new TextEncoder().encode(
          `${round.repeat(5)}RuntimeError: CUDA out of memory. Tried to allocate 3.00 GiB\n`,
        ),
      ),
    );
    expect(log.findings()[0]).toMatchObject({ kind: 'gpu_oom', line: 26, fatal: true });
    expect(log.findings().filter((finding) => finding.fatal)).toHaveLength(1);
  });

  it('has a cheap test that lets ordinary lines pass by', () => {
    for (const line of [
      'step 1 | loss 0.5 | lr 1e-3',
      "{'loss': 0.5, 'epoch': 1.0}",
      ' iteration 5/ 10 | lm loss: 1.2E+00 |',
    ])
      expect(MAYBE.test(line)).toBe(false);
  });
});
