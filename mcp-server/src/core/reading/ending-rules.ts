import { z } from 'zod';

/** What a log can say of an end. The kinds are ours; their texts are the tools'. */
export const FindingKind = z.enum([
  'gpu_oom',
  'host_oom',
  'killed',
  'nan_loss',
  'collective_timeout',
  'device_assert',
  'gpu_error',
  'shared_memory',
  'disk_full',
  'missing_module',
  'missing_file',
  'missing_command',
  'assertion',
  'keyboard_interrupt',
  'time_limit',
  'preempted',
  'requeued',
  'cancelled',
  'permission',
  'network',
  'crash',
  'traceback',
  'child_failed',
]);
export type FindingKind = z.output<typeof FindingKind>;

export interface EndingRule {
  kind: FindingKind;
  pattern: RegExp;
  hint: string;
  /** Says so of itself that the run goes on: a warning, a retry. */
  mild?: RegExp;
}

/** One of these is in every line that a rule or a traceback can match: one cheap test for the millions that are none. */
export const MAYBE =
  /rror|xception|raceback|OOM|oom|out of memory|[Kk]illed|CANCELLED|xhausted|No space|quota|Interrupt|nterrupted|imeout|imed out|terminate|erminated|ssert|FAILED|fault|signal|PREEMPT|preempt|No such|ot found|denied|is nan|is NaN|is inf|stopping training|diverged|Xid|Exited with|Aborted|srun:|shm|core dumped|HSA_STATUS|DEADLINE_EXCEEDED|SIGSEGV|SIGABRT|SIGBUS|already at minimum/;

const memory =
  'Use a smaller batch (with gradient accumulation), mixed precision or activation checkpointing, and see that no other process holds the GPU.';
const hostMemory =
  'The machine (or the job’s memory limit) ran out: ask for more memory, use fewer data-loader workers, or load the data lazily.';

// The first rule that matches a line names it: from the most to the least specific.
export const ENDING_RULES: readonly EndingRule[] = [
  // slurmstepd, and the shell and scheduler around the run.
  {
    kind: 'time_limit',
    pattern:
      /CANCELLED AT \S+ DUE TO TIME LIMIT|TERM_RUNLIMIT: job killed|PBS: job killed: walltime|DUE TO TIME LIMIT/,
    hint: 'The time limit ended it: ask for more time, or write checkpoints and resume.',
  },
  {
    kind: 'requeued',
    pattern: /DUE TO JOB REQUEUE/,
    hint: 'The scheduler put it back into the queue; it starts again by itself.',
  },
  {
    kind: 'preempted',
    pattern: /DUE TO PREEMPTION|TERM_PREEMPT|(?:instance|node|VM|spot)\b.{0,40}\bpreempted/,
    hint: 'A job of higher priority took its place: write checkpoints and resume.',
  },
  {
    kind: 'host_oom',
    pattern:
      /oom[-_ ]kill|OOM ?Killed|killed due to memory pressure|job killed: v?mem\b|Out Of Memory|Exceeded job memory limit|TERM_MEMLIMIT|Memory cgroup out of memory|Out of memory: Kill(?:ed)? process|DefaultCPUAllocator: (?:can't|not enough)|std::bad_alloc|Cannot allocate memory|numpy[\w.]*_ArrayMemoryError|Unable to allocate [\d.]+ .iB for an array|^\s*MemoryError\b|ray\.exceptions\.OutOfMemoryError/,
    hint: hostMemory,
  },
  {
    kind: 'cancelled',
    pattern: /slurmstepd\S*: error: \*\*\* (?:JOB|STEP) .* CANCELLED AT|TERM_OWNER/,
    hint: 'The job was cancelled, by somebody or by the scheduler: its line may say why.',
  },
  // Devices.
  {
    kind: 'gpu_oom',
    pattern:
      /(?:CUDA|HIP|XPU|MPS backend|NPU) out of memory|Out of GPU memory|out of memory.{0,40}(?:CUDA|HIP)|CUDA_ERROR_OUT_OF_MEMORY|hipErrorOutOfMemory|cudaErrorMemoryAllocation|CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS_ALLOC_FAILED|cuda(?:Malloc)?\S* failed: out of memory|torch\.(?:cuda\.)?OutOfMemoryError/,
    hint: memory,
    mild: /not a failure|will retry|retrying|skipping batch/i,
  },
  {
    kind: 'host_oom',
    pattern:
      /(?:R|r)esource ?(?:E|e)xhausted.*by allocator cpu|OOM when allocating tensor.*(?:CPU:\d+|allocator cpu)/,
    hint: hostMemory,
    mild: /: W /,
  },
  {
    kind: 'gpu_oom',
    pattern:
      /^(?!.*No space left).*(?:RESOURCE_EXHAUSTED|ResourceExhaustedError|Resource exhausted: OOM|OOM when allocating tensor|ran out of memory trying to allocate|Out of memory (?:while trying to allocate|allocating))/,
    hint: memory,
    mild: /not a failure|: W |could mean that there could be performance gains/,
  },
  {
    kind: 'device_assert',
    pattern: /device-side assert|Assertion `.{1,200}` failed|CUBLAS_STATUS_EXECUTION_FAILED.*assert/,
    hint: 'An index or a value is out of its range on the GPU (a label ≥ the number of classes, a log of a negative number): run once with CUDA_LAUNCH_BLOCKING=1 or on the CPU to see the line.',
  },
  {
    kind: 'gpu_error',
    pattern:
      /CUDA error|cudaError(?!MemoryAllocation)|CUDA driver|cuDNN error|HIP error|hipError|NVRM: Xid|uncorrectable ECC|an illegal memory access|GPU has fallen off the bus|NVML: |no kernel image is available|CUDA-capable device|Memory access fault by GPU|HSA_STATUS_ERROR|OutOfResources: out of resource|RuntimeError: Unable to initialize backend '(?:cuda|rocm|gpu|tpu)|No CUDA GPUs are available|Found no NVIDIA driver/,
    hint: 'The GPU or its driver failed: look at nvidia-smi and dmesg, then try another GPU.',
  },
  {
    kind: 'collective_timeout',
    pattern:
      /Watchdog caught collective operation timeout|collective operation timeout|ProcessGroup(?:NCCL|Gloo).*(?:timeout|timed out)|Timed out waiting \d+ms for (?:recv|send)|gloo.*(?:[Tt]imed out|[Cc]onnection closed by peer)|NCCL (?:timeout|WARN Timeout)|DistStoreError.*[Tt]imed out|Timeout waiting for (?:key|the )|wait timeout after \d+ms|RuntimeError: Socket Timeout|Barrier timed out/,
    hint: 'One rank stopped or hung while the others waited: look for the first error of any rank, and for ranks that do different numbers of steps.',
  },
  {
    kind: 'gpu_error',
    pattern:
      /NCCL error|ncclSystemError|ncclInternalError|ncclUnhandledCudaError|ncclRemoteError|DistBackendError/,
    hint: 'The ranks could not talk to each other: run once with NCCL_DEBUG=INFO.',
  },
  // The host.
  {
    kind: 'shared_memory',
    pattern:
      /insufficient shared memory|out of shared memory|unable to (?:open|mmap|write to) (?:shared memory|file) ?(?:object )?<?\/?(?:torch_|dev\/shm)|shared memory limit|\/dev\/shm.*(?:No space|full)|No space left on device.*\/dev\/shm|Bus error/,
    hint: 'Shared memory (/dev/shm) is full: fewer data-loader workers, `--shm-size` for a container, or torch.multiprocessing.set_sharing_strategy("file_system").',
  },
  {
    kind: 'disk_full',
    pattern:
      /No space left on device|Disk quota exceeded|disk (?:is )?full|ENOSPC|\[Errno 28\]|\[Errno 122\]|PytorchStreamWriter failed writing|inline_container.*unexpected pos/,
    hint: 'The disk or the quota is full: remove old checkpoints, or write elsewhere.',
  },
  {
    kind: 'nan_loss',
    pattern:
      /\bloss(?:es)?\b.{0,40}\bis (?:nan|inf)\b.{0,20}(?:stop|abort|exit|end|terminat)|\bLoss is (?:nan|inf|\S*nan\S*),? ?stopping|(?:NaN|nan|Inf) (?:or (?:NaN|nan|Inf|inf) )?(?:loss|in loss|encountered in loss|detected in (?:the )?(?:loss|train))|FloatingPointError: .*(?:Loss|loss|nan|infinite)|Error: .*\bloss\b.{0,60}\bis (?:nan|inf)\b|Minimum loss scale reached|loss scale already at minimum|Invalid loss, terminating|(?:loss|training) (?:has )?diverged/i,
    hint: 'Training diverged: lower the learning rate, warm up, clip gradients, and check the data for NaN.',
  },
  {
    kind: 'missing_module',
    pattern:
      /(?:ModuleNotFoundError|ImportError): (?:No module named|cannot import name|lib\S+: cannot open shared object)|No module named ['"]?\w|Package \S+ not found in current path|there is no package called/,
    hint: 'Install the package in the environment that runs the command, or use that environment’s python.',
  },
  {
    kind: 'missing_command',
    pattern:
      /: (?:command )?not found$|: No such file or directory$(?<=^\S*sh: .*)|can't open file '|exec(?:vp?|ve)\S*: (?:\S+: )?No such file/,
    hint: 'The program or script is not there: check the path and the environment.',
  },
  {
    kind: 'permission',
    pattern:
      /PermissionError|Permission denied|\[Errno 13\]|Operation not permitted|403 Forbidden|GatedRepoError|401 Client Error/,
    hint: 'The user who runs it may not read or write that: check owner, mode and access tokens.',
  },
  {
    kind: 'missing_file',
    pattern: /FileNotFoundError|No such file or directory|\[Errno 2\]|NotADirectoryError/,
    hint: 'The path does not exist on this machine: check it, and the folder the command runs in.',
  },
  {
    kind: 'network',
    pattern:
      /(?:^|[\s.])(?:ConnectionError|ConnectTimeout|ReadTimeout|MaxRetryError|SSLError|HTTPError|OfflineModeIsEnabled)\b: |Temporary failure in name resolution|Couldn't reach .* on the Hub|Connection refused/,
    hint: 'The network or a server did not answer: download data and models beforehand, or try again.',
  },
  {
    kind: 'assertion',
    pattern: /(?:^|\s)AssertionError\b/,
    hint: 'A check in the code failed: the line above it in the traceback says which.',
  },
  {
    kind: 'keyboard_interrupt',
    pattern: /(?:^|\s)KeyboardInterrupt\b|^\^C/,
    hint: 'It was interrupted (SIGINT).',
  },
  {
    kind: 'child_failed',
    pattern:
      /ChildFailedError|FAILED\s*$(?<=\.py FAILED\s*)|srun: error: .*(?:Exited with exit code|Terminated|Killed|Aborted)|ProcessExitedException|ProcessRaisedException|(?:TrainingFailedError|RayTaskError|RayActorError|ActorDiedError|WorkerCrashedError|TuneError|BrokenProcessPool|TerminatedWorkerError|SimplifiedTraceback)\b|worker .{0,40}\bexited with (?:code|exit code) [1-9]|DataLoader worker \(pid.*(?:exited unexpectedly|is killed)/,
    hint: 'A summary: the cause is the first error of a worker, above.',
  },
  {
    kind: 'crash',
    pattern:
      /Segmentation fault|Fatal Python error|SIGSEGV|SIGABRT|Aborted \(core dumped\)|^Aborted\b|Illegal instruction|core dumped|Floating point exception|terminate called after throwing|\*\*\* Process received signal/,
    hint: 'Native code crashed: `python -X faulthandler` shows where.',
  },
  {
    kind: 'killed',
    pattern: /^(?:\S*sh: line \d+:\s*)?\d*\s*Killed\b(?:\s.*)?$|\bSIGKILL\b|exitcode\s*: -9|Killed +python/,
    hint: 'SIGKILL: the kernel’s out-of-memory killer is the usual sender, a person the other.',
  },
];

/** The last line of a Python traceback, or the first of Julia's and of R's: the exception and its message. */
export const EXCEPTION =
  /^(?:ERROR: LoadError: .*|Error in .{1,200}? : .*|(?:ERROR: )?(?:[A-Za-z_][\w]*\.)*[A-Z]\w*(?:Error|Exception|Interrupt|Exit|Timeout|Failure|NotFound|Invalid\w*|Iteration|Warning|Mismatch)(?:\b.*)?)$/;
/** Any exception's line, for use right under a traceback. */
export const EXCEPTION_LIKE = /^[A-Za-z_][\w.]*(?::\s.*)?$/;

/** Says of itself that it is no more than a warning. */
export const WARNING =
  /\bWARN(?:ING)?\b|[Ww]arning:|^\S* ?W |\[W[ \]]|: W (?!\d)|\bINFO:\S*:? ?(?!.*Error)|DeprecationWarning|UserWarning|potential root causes/;

/** A line that a living training prints. */
export const ALIVE = /(?:loss|acc|epoch|iter|step|reward|it\/s)\S{0,24}[\s:=|[(]{1,4}[+-]?\d|\d+%\|/i;
