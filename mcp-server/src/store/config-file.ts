import { readFileSync, statSync } from 'node:fs';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { Config } from '../core/config.js';
import { errorCode, errorText, LabError } from '../core/errors.js';
import { adaptOriginal } from '../core/original-config.js';
import type { OwnConfig } from '../core/own-config.js';
import { nearest } from '../core/text.js';

const MAX_BYTES = 64 * 1024;

export interface ConfigFile {
  config: Config;
  /** What a person should know of how it was read. */
  notes: string[];
}

/**
 * Reads `config.yaml`, ours or the Python original's. What it leaves out is taken from the user's own config, then from the
 * defaults. Throws LabError for a file over 64 KiB, YAML that cannot be read, alias bombs, wrong types and unknown keys (the
 * nearest known one is named).
 */
export function readConfig(path: string, own?: OwnConfig): ConfigFile {
  let text: string;
  try {
    const stat = statSync(path);
    // A pipe or a device would be waited for or read without end.
    if (!stat.isFile())
      throw new LabError(`${path} is not a plain file`, 'a config is a plain text file: move this away');
    if (stat.size > MAX_BYTES) {
      throw new LabError(
        `${path} is over 64 KiB`,
        'a config holds settings only; move data into files of its own',
      );
    }
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { config: checked(Config, over(own, {}), path), notes: [] };
    if (error instanceof LabError || errorCode(error) === undefined) throw error;
    throw new LabError(
      `${path} cannot be read: ${errorText(error)}`,
      'it must be a plain file that you may read',
      { cause: error },
    );
  }
  const { data, notes } = adaptOriginal(parseYaml(text, path));
  return { config: checked(Config, over(own, data), path), notes };
}

/**
 * The data of a project's config over the user's own. An endpoint of the user's belongs to the provider that they name: a
 * project with another provider is not sent there.
 */
function over(own: OwnConfig | undefined, data: unknown): unknown {
  if (own === undefined || !(data === null || data === undefined || isRecord(data))) return data;
  const project = withoutNulls(data ?? {});
  if (!isRecord(project)) return project;
  const { agent = {}, execution = {}, obsidian = {} } = project;
  if (!isRecord(agent) || !isRecord(execution) || !isRecord(obsidian)) return project;
  const { provider = 'anthropic', model, prices, ...endpoint } = own.agent;
  const same = agent.provider === undefined || agent.provider === provider;
  const own_args = own.execution.ssh_args;
  return {
    ...project,
    agent: {
      ...(agent.provider === undefined && own.agent.provider !== undefined ? { provider } : {}),
      ...(same && model !== undefined ? { model } : {}),
      ...(same && !ENDPOINT.some((key) => key in agent) ? endpoint : {}),
      ...agent,
      ...(prices === undefined
        ? {}
        : { prices: isRecord(agent.prices) ? { ...prices, ...agent.prices } : prices }),
    },
    execution: own_args === undefined ? execution : { ssh_args: own_args, ...execution },
    obsidian: { ...own.obsidian, ...obsidian },
  };
}

/** Taken from one of the two whole: a key of the one is no key for an address of the other. */
const ENDPOINT = ['base_url', 'api_key_env', 'auth_token_env'];

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** YAML text → plain data, with bounded aliases. Throws LabError with the line. */
export function parseYaml(text: string, path: string): unknown {
  try {
    const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true });
    const problem = document.errors[0];
    if (problem !== undefined) throw problem;
    return document.toJS({ maxAliasCount: 50 });
  } catch (error) {
    const why = error instanceof RangeError ? 'it is nested too deeply' : errorText(error).split('\n')[0];
    throw new LabError(
      `${path} is not valid YAML: ${why}`,
      'check the indentation, and quote values that hold ": " or "#"',
      { cause: error },
    );
  }
}

/** Data through a schema. Null counts as absent, so that `key:` with nothing behind it means its default. */
export function checked<S extends z.ZodType>(schema: S, data: unknown, path: string): z.output<S> {
  if (data !== null && data !== undefined && (typeof data !== 'object' || Array.isArray(data))) {
    throw new LabError(
      `${path} must be a list of "key: value" lines`,
      'for instance: experiment: {command: python3 train.py}',
    );
  }
  const parsed = schema.safeParse(withoutNulls(data ?? {}));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue === undefined) throw parsed.error;
  const where = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const close = nearest(key, keysAt(schema, issue.path));
    const full = [...issue.path, key].join('.');
    throw new LabError(
      `${path}: unknown key "${full}"`,
      close === undefined
        ? `known keys here: ${keysAt(schema, issue.path).join(', ')}`
        : `did you mean "${[...issue.path, close].join('.')}"?`,
    );
  }
  throw new LabError(
    `${path}: ${where === '' ? '' : `"${where}": `}${issue.message}`,
    `mend this value in ${path}; docs/config.md lists every key`,
  );
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, withoutNulls(inner)]),
  );
}

/** Keys that a strict object knows at a path of the schema; empty where it is no object. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: unknown = schema;
  for (const part of path) {
    const shape = shapeOf(at);
    at = shape?.[String(part)];
  }
  return Object.keys(shapeOf(at) ?? {});
}

/** The shape of an object schema behind optional, default and prefault wrappers. */
function shapeOf(schema: unknown): Record<string, unknown> | undefined {
  let at: unknown = schema;
  while (typeof at === 'object' && at !== null) {
    if ('shape' in at && typeof at.shape === 'object' && at.shape !== null) return { ...at.shape };
    if (!('unwrap' in at) || typeof at.unwrap !== 'function') return undefined;
    at = at.unwrap();
  }
  return undefined;
}
