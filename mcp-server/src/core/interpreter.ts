/** How a command starts Python, as far as its words tell. */
export type Interpreter =
  /** The command names an interpreter. */
  | { how: 'command'; program: string }
  /** It names a program whose first line may name one: `torchrun`, `./train.py`. */
  | { how: 'script'; program: string }
  /** It may start any: a shell, a wrapper. */
  | { how: 'path' };

const PYTHON = /^(?:python|pypy)[\d.]*$/;
/** They start something else, by rules of their own. */
const WRAPPERS =
  /^(?:sh|bash|dash|zsh|uv|poetry|pixi|pdm|hatch|rye|conda|mamba|micromamba|make|srun|mpirun|mpiexec|docker|apptainer|singularity)$/;
/** They run what follows their options, in the same environment. */
const PASSING = /^(?:env|nice|nohup|time|stdbuf|setsid|ionice|taskset|numactl|xvfb-run)$/;

/** Which interpreter a command starts. Nothing is looked up here. */
export function interpreterOf(argv: readonly string[]): Interpreter {
  const [program = ''] = argv;
  const name = program.split('/').at(-1) ?? '';
  if (PYTHON.test(name)) return { how: 'command', program };
  if (PASSING.test(name)) {
    const rest = argv.slice(1).findIndex((word) => PYTHON.test(word.split('/').at(-1) ?? ''));
    return rest < 0 ? { how: 'path' } : { how: 'command', program: argv[rest + 1] ?? '' };
  }
  return WRAPPERS.test(name) ? { how: 'path' } : { how: 'script', program };
}

/**
 * The interpreter that the first lines of a program name, or null when it is no Python script. pip writes
 * `#!/bin/sh` and `'''exec' /path/python` where the path is long or holds a space.
 */
export function shebangOf(head: string): string | null {
  const [first = '', second = ''] = head.split('\n');
  const words = first.startsWith('#!') ? first.slice(2).trim().split(/\s+/) : [];
  const program = /(?:^|\/)env$/.test(words[0] ?? '')
    ? words.slice(1).find((word) => !word.startsWith('-'))
    : words[0];
  if (program !== undefined && PYTHON.test(program.split('/').at(-1) ?? '')) return program;
  const long = /^'''exec' "?([^"]+?\/(?:python|pypy)[\d.]*)"?(?: |$)/.exec(second);
  return long?.[1] ?? null;
}
