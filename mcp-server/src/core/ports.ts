/** The doors to the outside world that have, or will have, several implementations. Their data is plain JSON. */
import type { GpuSurvey } from './gpu.js';
import type { Place } from './place.js';
import type { SlurmRequest } from './slurm/settings.js';
import type { SchedulerEnd } from './slurm/states.js';

export interface ExecOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** `env` is all that the command sees; else it is laid over the machine's own environment, secrets included. */
  onlyEnv?: boolean;
  /** Milliseconds; the whole process group is ended when it is exceeded. */
  timeoutMs?: number;
  /** Bytes kept of each stream (the last ones); default 1 MiB. */
  maxBytes?: number;
  signal?: AbortSignal;
}

export interface ExecResult {
  /** Exit code, or null when a signal ended it. */
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  timedOut: boolean;
  /** True when output beyond `maxBytes` was dropped. */
  truncated: boolean;
}

/**
 * Where commands run and files live. `exec` resolves for any exit code and for a program that does not exist
 * (code 127), and rejects only when the machine itself cannot be reached.
 */
export interface Machine {
  readonly name: string;
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  read(path: string): Promise<Uint8Array>;
  write(path: string, data: string | Uint8Array): Promise<void>;
  list(path: string): Promise<string[]>;
  /**
   * Up to `maxBytes` from `offset`; null when there is no such file. `id` changes when the file was replaced. The bytes may lie in `into`,
   * when that is given: it is the caller's, who may use it for the next piece.
   */
  readFrom(path: string, offset: number, maxBytes: number, into?: Uint8Array): Promise<FileSlice | null>;
  /**
   * Runs a short script of ours in /bin/sh: one round trip, its output to the byte. It may be run twice where a connection
   * was lost, so it must not mind. Rejects with LabError when the machine cannot be reached or does not answer in time.
   */
  script(text: string, timeoutMs: number): Promise<ScriptResult>;
}

export interface ScriptResult {
  code: number;
  stdout: Uint8Array;
  stderr: string;
}

export interface FileSlice {
  bytes: Uint8Array;
  size: number;
  id: string;
}

export interface JobSpec {
  /** Folder that receives the records `started` and `exited`. Exists before the start. */
  recordDir: string;
  argv: readonly string[];
  cwd: string;
  env: Record<string, string>;
  /** Opened for append; standard output and standard error both go there. */
  log: string;
  /** Value of the marker variable, unique to this run on this machine. */
  marker: string;
  /** Absent or null = a process of this computer. */
  place?: Place | null;
  /** Given: it is a job of the Slurm of that machine, and its folder lies on the file system that the nodes share. */
  slurm?: SlurmRequest | null;
}

/** How to find a job again. Plain JSON, kept in the run's record. */
export interface JobHandle {
  recordDir: string;
  marker: string;
  /** The folder that it works in there: files in it that may hold metrics are brought here. Absent = none are. */
  cwd?: string;
  /** Absent or null = a process of this computer. */
  place?: Place | null;
  slurm?: SlurmRequest | null;
}

export interface Survivor {
  pid: number;
  name: string;
}

export interface JobState {
  /**
   * `unstarted`: no start record · `pending`: it waits in a queue, for the first time or again · `gone`: started,
   * no longer alive, and no exit record · `unknown`: its machine cannot be asked now.
   */
  life: 'unstarted' | 'pending' | 'running' | 'suspended' | 'gone' | 'exited' | 'unknown';
  pid: number | null;
  /** The process of the command itself, once seen. */
  child: number | null;
  startedAt: number | null;
  /** Milliseconds since 1970. */
  exitedAt: number | null;
  /** As the shell tells it: 128 + n for a signal n. Null when unknown. */
  exitCode: number | null;
  /** Processes the kernel's out-of-memory killer ended in the job's control group while it ran. */
  oomKills: number;
  rebooted: boolean;
  /** What a person should know of where it is: since when its machine is unreachable, and why. */
  note?: string | null;
  /** What its scheduler says of the end. */
  scheduler?: SchedulerEnd | null;
}

/** How long-running work is started, asked after and stopped on a machine. */
export interface Jobs {
  /**
   * Starts it at most once per record folder, however often it is called. Throws LabError, and its kind `LaterError` where
   * the same may be taken later.
   */
  start(spec: JobSpec): Promise<JobHandle>;
  /** One question for all of them, in the same order. */
  poll(handles: readonly JobHandle[]): Promise<JobState[]>;
  /** Processes that carry the job's marker, whoever their parent is now. */
  survivors(handle: JobHandle): Promise<Survivor[]>;
  /**
   * Sends a signal to the job's group and to every survivor; only ever to processes of this job. `spareWrapper` leaves
   * the one that writes the exit record alive, so that the record is written.
   */
  signal(
    handle: JobHandle,
    signal: 'SIGTERM' | 'SIGKILL',
    options?: { spareWrapper?: boolean },
  ): Promise<void>;
  /** Closes the record folder of a job that never started, so that it never can. False when it has started. */
  forbid(handle: JobHandle): Promise<boolean>;
}

/** Milliseconds since 1970. */
export type Clock = () => number;

/** Uniform in [0, 1). */
export type Random = () => number;

/** How GPUs are asked after. An answer may be up to `maxAgeMs` old (milliseconds; two seconds when absent). */
export type SurveyGpus = (signal?: AbortSignal, maxAgeMs?: number) => Promise<GpuSurvey>;
