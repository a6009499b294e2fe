import { z } from 'zod';

const text = z.string().nullable();

/** What lies behind one path or glob of `experiment.data`. */
export const DataPrint = z.strictObject({
  glob: z.string(),
  files: z.number().int(),
  bytes: z.number(),
  hash: text.describe('null: it could not be taken, `why` says so'),
  by: z.enum(['content', 'names, sizes and times']),
  why: text,
});
export type DataPrint = z.output<typeof DataPrint>;

/** `runs/<id>/environment.json`: what a run ran in, asked for once it had started. What was not told is null. */
export const Environment = z.strictObject({
  at: z.string().describe('ISO 8601, UTC'),
  host: z.string(),
  system: text.describe('kernel and machine, as uname tells them'),
  distribution: text,
  cpu: text,
  python: z
    .strictObject({
      version: z.string(),
      executable: z.string(),
      how: z
        .enum(['command', 'script', 'path'])
        .describe('named by the command, by its script, or found first'),
      environment: text.describe('folder of the virtual or conda environment'),
    })
    .nullable(),
  packages: z.record(z.string(), z.string()),
  gpus: z.array(z.string()).describe('names of the leased ones'),
  driver: text,
  git: z
    .strictObject({ head: text, branch: text, dirty: z.boolean().nullable() })
    .nullable()
    .describe('null: in no repository'),
  variables: z.record(z.string(), z.string()),
  data: z.array(DataPrint),
  notes: z.array(z.string()),
});
export type Environment = z.output<typeof Environment>;

/** Their versions explain why a result does not come out again. Read from metadata, never imported. */
export const KEY_PACKAGES: readonly string[] =
  'torch torchvision torchaudio jax jaxlib flax optax tensorflow keras numpy scipy pandas scikit-learn transformers datasets tokenizers accelerate peft trl timm diffusers lightning pytorch-lightning deepspeed xformers flash-attn triton bitsandbytes xgboost lightgbm catboost vllm mmengine mmcv paddlepaddle ultralytics nvidia-cudnn-cu12 nvidia-cublas-cu12 nvidia-nccl-cu12'.split(
    ' ',
  );

/** The only variables whose values are kept: none of them can hold a secret. */
export const KEY_VARIABLES: readonly string[] =
  'CUDA_VISIBLE_DEVICES CUDA_DEVICE_ORDER CONDA_DEFAULT_ENV VIRTUAL_ENV OMP_NUM_THREADS MKL_NUM_THREADS PYTHONHASHSEED CUBLAS_WORKSPACE_CONFIG CUDA_LAUNCH_BLOCKING NVIDIA_TF32_OVERRIDE TF_DETERMINISTIC_OPS PYTORCH_CUDA_ALLOC_CONF XLA_PYTHON_CLIENT_MEM_FRACTION'.split(
    ' ',
  );

/** Each difference in a few words, for instance `torch 2.3.0 → 2.4.1`. What one of the two was not told is no difference. */
export function environmentDifferences(a: Environment, b: Environment): string[] {
  const lines: string[] = [];
  const compare = (name: string, was: string | null | undefined, is: string | null | undefined): void => {
    if (was != null && is != null && was !== is) lines.push(`${name} ${was} → ${is}`);
  };
  compare('host', a.host, b.host);
  compare('system', a.system, b.system);
  compare('distribution', a.distribution, b.distribution);
  compare('CPU', a.cpu, b.cpu);
  compare('python', a.python?.version, b.python?.version);
  compare('interpreter', a.python?.executable, b.python?.executable);
  if (a.python !== null && b.python !== null)
    for (const name of union(a.packages, b.packages))
      compare(name, a.packages[name] ?? 'absent', b.packages[name] ?? 'absent');
  compare('GPU', namesOf(a.gpus), namesOf(b.gpus));
  compare('driver', a.driver, b.driver);
  compare('git head', a.git?.head?.slice(0, 12), b.git?.head?.slice(0, 12));
  compare('branch', a.git?.branch, b.git?.branch);
  for (const name of union(a.variables, b.variables)) {
    // Which of several equal GPUs it was says nothing.
    if (name === 'CUDA_VISIBLE_DEVICES') continue;
    compare(name, a.variables[name] ?? 'unset', b.variables[name] ?? 'unset');
  }
  for (const data of a.data) {
    const other = b.data.find(({ glob }) => glob === data.glob);
    if (other?.hash == null || data.hash === null || other.hash === data.hash || other.by !== data.by)
      continue;
    lines.push(`data ${data.glob}: ${sizeOf(data)} → ${sizeOf(other)}, not the same by ${data.by}`);
  }
  return lines;
}

const union = (a: object, b: object): string[] => [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
const namesOf = (gpus: readonly string[]): string | null => (gpus.length === 0 ? null : gpus.join(', '));
const sizeOf = ({ files, bytes }: DataPrint): string => `${files} file(s), ${bytes} bytes`;
