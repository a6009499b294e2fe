import { describe, expect, it } from 'vitest';
import type { TextFinding } from '../../../mcp-server/src/core/reading/endings.js';
import { LineSplitter } from '../../../mcp-server/src/core/reading/lines.js';
import { createLogReader } from '../../../mcp-server/src/core/reading/log.js';

/** The fatal findings of a training that says this after its first steps. */
function ends(text: string): TextFinding[] {
  const log = createLogReader();
  const splitter = new LineSplitter();
  log.read([
    ...splitter.push(new TextEncoder().encode(`step 1 loss: 0.5\nstep 2 loss: 0.4\n${text}\n`)),
    ...splitter.end(),
  ]);
  return log.findings().filter((finding) => finding.fatal);
}

const fatal = (text: string): string[] => ends(text).map(({ kind }) => kind);
const texts = (text: string): string[] => ends(text).map((finding) => finding.text);

describe('what other accelerators, communication, schedulers and file systems say at an end', () => {
  it.each<[string, string]>([
    ['gpu_oom', 'ERROR: LoadError: Out of GPU memory trying to allocate 1.121 GiB'],
    ['traceback', 'ERROR: LoadError: DimensionMismatch: arrays could not be broadcast to a common size'],
    ['missing_module', 'ERROR: LoadError: ArgumentError: Package Flux not found in current path.'],
    ['traceback', 'Error in x + y : non-numeric argument to binary operator\nExecution halted'],
    ['missing_module', 'Error in library(keras) : there is no package called ‘keras’'],
    ['host_oom', '=>> PBS: job killed: mem 9121212kb exceeded limit 8388608kb'],
    [
      'host_oom',
      '(raylet) node_manager.cc:3040: 1 Workers (tasks / actors) killed due to memory pressure (OOM)',
    ],
    ['host_oom', 'State: Terminated, Reason: OOMKilled, Exit Code: 137'],
    ['nan_loss', 'ValueError: The loss returned in `training_step` is nan.'],
    [
      'gpu_error',
      'triton.runtime.errors.OutOfResources: out of resource: shared memory, Required: 131072, Hardware limit: 101376.',
    ],
    [
      'gpu_oom',
      'torch.OutOfMemoryError: HIP out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 63.98 GiB of which 1.2 GiB is free.',
    ],
    ['gpu_error', 'RuntimeError: HIP error: invalid device function'],
    [
      'gpu_error',
      'Memory access fault by GPU node-2 (Agent handle: 0x5581f3b2c0) on address 0x7f1c. Reason: Page not present or supervisor privilege.',
    ],
    [
      'gpu_error',
      'HSA_STATUS_ERROR_OUT_OF_RESOURCES: The runtime failed to allocate the necessary resources.',
    ],
    [
      'gpu_error',
      ':0:rocdevice.cpp:2875: Callback: Queue 0x7f aborting with error : HSA_STATUS_ERROR_EXCEPTION: An HSAIL operation resulted in a hardware exception. code: 0x1016',
    ],
    [
      'gpu_oom',
      'jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Attempting to allocate 15.20G. That was not possible. There are 12.1G free.',
    ],
    [
      'gpu_error',
      "jaxlib.xla_extension.XlaRuntimeError: INTERNAL: Failed to execute XLA Runtime executable: run time error: custom call 'xla.gpu.gemm' failed: CUDA error",
    ],
    [
      'gpu_error',
      "RuntimeError: Unable to initialize backend 'cuda': FAILED_PRECONDITION: No visible GPU devices.",
    ],
    [
      'collective_timeout',
      'RuntimeError: [../third_party/gloo/gloo/transport/tcp/pair.cc:598] Connection closed by peer [127.0.0.1]:31442',
    ],
    [
      'collective_timeout',
      'RuntimeError: [../third_party/gloo/gloo/transport/tcp/unbound_buffer.cc:81] Timed out waiting 1800000ms for recv operation to complete',
    ],
    [
      'collective_timeout',
      'torch.distributed.DistStoreError: Timed out after 901 seconds waiting for clients. 1/2 clients joined.',
    ],
    ['collective_timeout', 'RuntimeError: Socket Timeout'],
    [
      'collective_timeout',
      'E0512 coordination_service_agent.cc:725] DEADLINE_EXCEEDED: Barrier timed out. Barrier_id: PjRT_Client_Connect',
    ],
    [
      'shared_memory',
      'RuntimeError: unable to open shared memory object </torch_4711_1> in read-write mode: Too many open files (24)',
    ],
    ['shared_memory', 'RuntimeError: unable to write to file </torch_4711_2718_0>'],
    [
      'shared_memory',
      'ERROR: Unexpected bus error encountered in worker. This might be caused by insufficient shared memory (shm).',
    ],
    ['shared_memory', "OSError: [Errno 28] No space left on device: '/dev/shm/ray'"],
    ['disk_full', 'RuntimeError: [enforce fail at inline_container.cc:424] . unexpected pos 576 vs 470'],
    ['disk_full', 'OSError: [Errno 122] Disk quota exceeded'],
    [
      'disk_full',
      'safetensors_rust.SafetensorError: Error while serializing: IoError(Os { code: 28, kind: StorageFull, message: "No space left on device" })',
    ],
    [
      'disk_full',
      'tensorflow.python.framework.errors_impl.ResourceExhaustedError: /out/ckpt; No space left on device',
    ],
    ['disk_full', 'sqlite3.OperationalError: database or disk is full'],
    [
      'host_oom',
      'slurmstepd: error: Detected 1 oom-kill event(s) in StepId=12.batch cgroup. Some of your processes may have been killed by the cgroup out-of-memory handler.',
    ],
    ['host_oom', 'srun: error: n1: task 0: Out Of Memory'],
    [
      'host_oom',
      'numpy.core._exceptions._ArrayMemoryError: Unable to allocate 7.45 GiB for an array with shape (1000000000,) and data type float64',
    ],
    ['host_oom', 'OSError: [Errno 12] Cannot allocate memory'],
    ['cancelled', 'slurmstepd: error: *** STEP 12.0 ON n1 CANCELLED AT 2024-01-01T10:00:00 ***'],
    [
      'cancelled',
      'slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2024-01-01T10:00:00 DUE TO NODE FAILURE, SEE SLURMCTLD LOG FOR DETAILS ***',
    ],
    [
      'time_limit',
      'slurmstepd: error: *** STEP 12.0 ON n1 CANCELLED AT 2024-01-01T10:00:00 DUE TO TIME LIMIT ***',
    ],
    ['child_failed', 'srun: error: n1: task 3: Exited with exit code 1'],
    ['missing_command', 'slurmstepd: error: execve(): python3.12: No such file or directory'],
    ['missing_command', 'bash: line 1: accelerate: command not found'],
    ['missing_command', "python3: can't open file '/x/train.py': [Errno 2] No such file or directory"],
    ['child_failed', 'RuntimeError: DataLoader worker (pid(s) 4711) exited unexpectedly'],
    ['nan_loss', 'ValueError: Loss is nan, stopping training'],
    ['nan_loss', 'FloatingPointError: Minimum loss scale reached (0.0001). Your loss is probably exploding.'],
    ['nan_loss', 'FloatingPointError: Loss became infinite or NaN at iteration=12!'],
    [
      'nan_loss',
      'Exception: Current loss scale already at minimum - cannot decrease scale anymore. Exiting run.',
    ],
    ['gpu_error', 'RuntimeError: No CUDA GPUs are available'],
    ['gpu_error', 'RuntimeError: Found no NVIDIA driver on your system.'],
    ['gpu_error', 'RuntimeError: cuDNN error: CUDNN_STATUS_EXECUTION_FAILED'],
    ['crash', '*** SIGSEGV received at time=1700000000 on cpu 3 ***'],
    ['killed', '/bin/bash: line 1:  4711 Killed                  python train.py'],
    [
      'network',
      "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='huggingface.co', port=443): Max retries exceeded",
    ],
    ['permission', 'OSError: You are trying to access a gated repo. 401 Client Error.'],
    [
      'missing_module',
      'ImportError: libcudart.so.12: cannot open shared object file: No such file or directory',
    ],
  ])('%s: %s', (kind, text) => {
    expect(fatal(text)[0]).toBe(kind);
  });

  it.each([
    '[W socket.cpp:426] [c10d] The server socket has failed to listen on [::]:29500',
    'W0512 cuda_executor.cc] Allocator (GPU_0_bfc) ran out of memory trying to allocate 2.2GiB. The caller indicates that this is not a failure',
    'UserWarning: Detected call of lr_scheduler.step() before optimizer.step()',
    'WARNING: not enough shared memory for the fast path, falling back',
    'timeout=1800, error_if_nonfinite=False',
    'Number of failed requests: 0',
    'error: 0.12 val_error: 0.3',
    'skipped 3 files: permission denied is ignored',
  ])('no end: %s', (text) => {
    expect(fatal(text)).toEqual([]);
  });

  it('names the cause before the exceptions that only carry it', () => {
    const wrapped = [
      'ray.train.base_trainer.TrainingFailedError: The Ray Train run failed. Please inspect the previous errors.',
      'ray.exceptions.RayTaskError(OutOfMemoryError): ray::_Inner.train() (pid=41, ip=10.0.0.2)',
      'torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB',
    ];
    expect(fatal(wrapped.join('\n'))).toEqual(['gpu_oom', 'child_failed', 'child_failed']);
    const guess = 'There are some potential root causes. (1) The process is killed by SIGKILL by OOM killer.';
    expect(fatal(`ray.exceptions.RayActorError: The actor died unexpectedly.\n${guess}`)).toEqual([
      'child_failed',
    ]);
  });

  it('completes a message that announces its details in the next line', () => {
    const message = 'RuntimeError: Error(s) in loading state_dict for Net:';
    const details = '\tsize mismatch for fc.weight: copying a param with shape torch.Size([10, 5]).';
    expect(texts(`${message}\n${details}`)).toEqual([`${message} ${details.trim()}`]);
    expect(texts(`${message}\nepoch 4 follows\n${details}`)).toEqual([message]);
  });
});
