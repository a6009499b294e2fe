import type { TextFinding } from './reading/endings.js';
import type { Ending } from './run.js';
import type { SchedulerEnd } from './slurm/states.js';

/** Why the supervisor ended a run itself. */
export type KillReason = Extract<Ending, 'stopped' | 'timeout' | 'stalled' | 'diverged'>;

export interface EndingFacts {
  /** `exited`: there is an exit record · `gone`: its processes are gone without one. */
  life: 'exited' | 'gone';
  exitCode: number | null;
  oomKills: number;
  rebooted: boolean;
  /** Set when the supervisor ended it: the reason and what it saw. */
  kill: { why: KillReason; text: string } | null;
  findings: readonly TextFinding[];
  /** Tracked metrics whose last value is NaN or infinite. */
  nonFinite: readonly { metric: string; value: number; line: number }[];
  /** A line of the kernel's log that names this run's process as ended for memory. */
  kernelLine: string | null;
  /** What a scheduler says of the end; its state goes before an exit code. */
  scheduler?: SchedulerEnd | null;
}

export interface Classified {
  ending: Ending;
  exit_code: number | null;
  signal: string | null;
  evidence: string[];
}

/** How a run ended, decided from records and text alone. The most specific fact wins; what is unknown is never success. */
export function classifyEnding(facts: EndingFacts): Classified {
  const { scheduler = null } = facts;
  if (scheduler === null) return classify(facts);
  if (facts.kill === null && facts.exitCode !== 0 && scheduler.ending !== null) {
    const { exitCode } = facts;
    const signal = signalOf(exitCode);
    const exit = exitCode === null ? [] : [exitWords(exitCode, signal)];
    return {
      ending: scheduler.ending,
      exit_code: exitCode,
      signal,
      evidence: [scheduler.text, ...lastWords(facts), ...exit],
    };
  }
  const { evidence, ...found } = classify(facts);
  return { ...found, evidence: [...evidence, scheduler.text] };
}

function classify(facts: EndingFacts): Classified {
  const signal = signalOf(facts.exitCode);
  const base = { exit_code: facts.exitCode, signal };
  const exit = exitWords(facts.exitCode, signal);
  if (facts.kill !== null) {
    // A job that was taken out of the queue was not killed.
    const isForced = facts.life === 'gone' && facts.scheduler == null;
    return {
      ...(facts.life === 'gone' ? { exit_code: null, signal: isForced ? 'SIGKILL' : null } : base),
      ending: facts.kill.why,
      evidence: [
        facts.kill.text,
        ...(isForced ? ['it had to be ended with SIGKILL'] : facts.life === 'gone' ? [] : [exit]),
      ],
    };
  }
  if (facts.life === 'gone') {
    const why = facts.rebooted
      ? 'the machine was restarted while it ran'
      : 'its processes are gone and left no exit record (SIGKILL of the whole group, or of the wrapper)';
    return { ...base, exit_code: null, signal: null, ending: 'lost', evidence: [why, ...lastWords(facts)] };
  }
  if (facts.exitCode === null) {
    return {
      ...base,
      ending: 'lost',
      evidence: ['its exit record cannot be read, so its exit code is unknown', ...lastWords(facts)],
    };
  }
  const fatal = (...kinds: string[]): TextFinding | undefined =>
    facts.findings.find((finding) => finding.fatal && kinds.includes(finding.kind));
  const bad = facts.nonFinite[0];
  const nan = bad === undefined ? undefined : `the last ${bad.metric} is ${bad.value} (line ${bad.line})`;
  const said = fatal('nan_loss');
  if (facts.exitCode === 0) {
    if (nan !== undefined) return { ...base, ending: 'diverged', evidence: [nan, exit] };
    if (said !== undefined) return { ...base, ending: 'diverged', evidence: [quote(said), exit] };
    return { ...base, ending: 'succeeded', evidence: [exit] };
  }
  const memory = [
    ...(facts.oomKills > 0
      ? [`the kernel ended ${facts.oomKills} process(es) of its control group for memory (oom_kill)`]
      : []),
    ...(facts.kernelLine === null ? [] : [`kernel: ${facts.kernelLine}`]),
    ...facts.findings
      .filter((f) => f.fatal && (f.kind === 'gpu_oom' || f.kind === 'host_oom'))
      .slice(0, 2)
      .map(quote),
  ];
  if (memory.length > 0) return { ...base, ending: 'oom', evidence: [...memory, exit] };
  const preempted = fatal('preempted');
  if (preempted !== undefined) return { ...base, ending: 'preempted', evidence: [quote(preempted), exit] };
  const limit = fatal('time_limit');
  if (limit !== undefined) return { ...base, ending: 'timeout', evidence: [quote(limit), exit] };
  if (said !== undefined) return { ...base, ending: 'diverged', evidence: [quote(said), exit] };
  if (nan !== undefined) return { ...base, ending: 'diverged', evidence: [nan, exit] };
  const evidence = [...lastWords(facts), exit];
  if (signal === 'SIGKILL' && evidence.length === 1)
    evidence.push(
      'nobody here sent that signal: the kernel’s out-of-memory killer is the usual sender, a person the other',
    );
  return { ...base, ending: 'failed', evidence };
}

const quote = (finding: TextFinding): string =>
  `line ${finding.line}: ${finding.text}${finding.hint === '' ? '' : ` — ${finding.hint}`}`;

/** What the log says of the end: fatal findings, the root cause first. */
const lastWords = (facts: EndingFacts): string[] =>
  facts.findings
    .filter((finding) => finding.fatal)
    .slice(0, 2)
    .map(quote);

function exitWords(code: number | null, signal: string | null): string {
  if (code === null) return 'exit code unknown';
  if (signal !== null) return `ended by ${signal} (exit code ${code})`;
  const known: Record<number, string> = {
    126: ': the program cannot be executed',
    127: ': there is no such program',
  };
  return `exit code ${code}${known[code] ?? ''}`;
}

/** Numbers of Linux (signal(7)); the shell reports 128 + n. */
const SIGNALS: Record<number, string> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  5: 'SIGTRAP',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  10: 'SIGUSR1',
  11: 'SIGSEGV',
  12: 'SIGUSR2',
  13: 'SIGPIPE',
  14: 'SIGALRM',
  15: 'SIGTERM',
  24: 'SIGXCPU',
  25: 'SIGXFSZ',
  31: 'SIGSYS',
}; // prettier-ignore

function signalOf(code: number | null): string | null {
  return code !== null && code > 128 ? (SIGNALS[code - 128] ?? null) : null;
}
