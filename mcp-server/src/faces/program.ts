import { errorText, LabError } from '../core/errors.js';
import { nearest, plain } from '../core/text.js';
import { type Command, type Console, UsageError } from './command.js';
import { helpOf, parseFlags } from './flags.js';

/** What the program consists of; put together by the composition root. */
export interface Program {
  /** Every command behind its own import. */
  commands: Readonly<Record<string, () => Promise<{ command: Command }>>>;
  /** Commands that help does not show. */
  inner: readonly string[];
  /** How a command opens projects. */
  loadLab(command: string): Promise<Console['lab']>;
  open(signal: AbortSignal): Omit<Console, 'lab'>;
}

async function help({ commands, inner }: Program): Promise<string> {
  const names = Object.keys(commands).filter((name) => !inner.includes(name));
  const lines = await Promise.all(
    names.map(async (name) => `  ${name.padEnd(11)}${(await commands[name]?.())?.command.summary ?? ''}`),
  );
  return [
    'auto-experiment COMMAND [options]',
    '',
    'Runs deep-learning experiments day and night.',
    '',
    ...lines,
    '',
    'Options of a command: auto-experiment COMMAND --help',
    '',
  ].join('\n');
}

/**
 * Runs the command that `argv` names, until it ends or a signal comes. The only place where a command's error is caught: one
 * of ours is told with its hint, any other as a defect. Resolves with the exit code.
 */
export async function runProgram(argv: readonly string[], program: Program): Promise<number> {
  const { commands, inner } = program;
  const abort = new AbortController();
  const stop = (): void => {
    // The second Ctrl-C of somebody in a hurry ends the program as usual.
    if (abort.signal.aborted) process.exit(130);
    abort.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', stop);
  // A reader that has left (`| head`) is no error of ours.
  process.stdout.on('error', (error) => process.exit('code' in error && error.code === 'EPIPE' ? 0 : 1));
  const console = program.open(abort.signal);
  const [name, ...rest] = argv;
  try {
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      console.out(await help(program));
      return name === undefined ? 2 : 0;
    }
    if (name === '--version' || name === '-v') {
      console.out(`${console.version}\n`);
      return 0;
    }
    const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (load === undefined) {
      const close = nearest(
        name,
        Object.keys(commands).filter((known) => !inner.includes(known)),
      );
      throw new UsageError(
        `unknown command "${name}"${close === undefined ? '' : `; did you mean ${close}?`}`,
      );
    }
    const [{ command }, lab] = await Promise.all([load(), program.loadLab(name)]);
    const parsed = parseFlags(command, rest);
    if (parsed.switches.help === true) {
      console.out(helpOf(command));
      return 0;
    }
    return await command.run({ ...console, lab }, parsed);
  } catch (error) {
    if (error instanceof UsageError) {
      console.err(
        `error: ${plain(error.message)}\nhint: auto-experiment ${name !== undefined && Object.hasOwn(commands, name) ? `${name} ` : ''}--help\n`,
      );
      return 2;
    }
    if (error instanceof LabError) {
      console.err(`error: ${plain(error.message)}\nhint: ${plain(error.hint)}\n`);
      return 1;
    }
    if (abort.signal.aborted) return 130;
    const trace = error instanceof Error && process.env.AUTO_EXPERIMENT_DEBUG ? `\n${error.stack}` : '';
    console.err(
      `error: ${errorText(error)}\nhint: this is a defect of auto-experiment; please report it (AUTO_EXPERIMENT_DEBUG=1 shows where)${trace}\n`,
    );
    return 1;
  }
}
