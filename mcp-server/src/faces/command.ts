import type { Lab } from '../engine/lab.js';
import type { Audience } from '../engine/tool.js';
import type * as Door from './mcp.js';
import type { Desk } from './mcp-desk.js';

/** One option of a command, for parsing and for help. */
export interface Flag {
  /** `value` takes one, `values` may be repeated or hold commas, `each` may be repeated, `switch` takes none. */
  kind: 'switch' | 'value' | 'values' | 'each';
  /** What stands for the value in help, for instance `DIR`. */
  value?: string;
  help: string;
}

export interface Parsed {
  switches: Record<string, boolean>;
  values: Record<string, string | undefined>;
  lists: Record<string, string[]>;
  words: string[];
  /** What came after `--`; null when there was none. */
  rest: string[] | null;
}

/** What a command of the CLI may reach: its terminal, its arguments, and the lab of a project. */
export interface Console {
  /** Data, to standard output. */
  out(text: string): void;
  /** Progress and words, to standard error. */
  err(text: string): void;
  /** Standard output is a terminal. */
  terminal: boolean;
  /** Standard error is a terminal. */
  errTerminal: boolean;
  colour: boolean;
  width: number;
  height: number;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C or SIGTERM. */
  signal: AbortSignal;
  /** Opens the lab of a project folder. Nothing is read or written before a verb asks. */
  lab(project: string): Lab;
  /** The MCP library, which takes longer to load than all else of a start. */
  door(): Promise<typeof Door>;
  /** What the MCP server offers a role, with all that it can do: loaded when first asked for, then the same. */
  desk(project: string, role: Audience): Promise<Desk>;
  /** Folder of the installed package. */
  packageRoot: string;
  /** The file that runs, and the Node that runs it. */
  program: string;
  node: string;
  version: string;
}

export interface Command {
  name: string;
  summary: string;
  usage: string;
  flags: Record<string, Flag>;
  /** True when it answers with data under `--json`. */
  json: boolean;
  /** True when it works on a project folder (`--project`). */
  project: boolean;
  /** Most words besides flags; more is wrong usage. */
  words: number;
  /** The exit code. */
  run(console: Console, args: Parsed): Promise<number>;
}

/** The command line is wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
