import { closeSync, openSync, readSync, statSync } from 'node:fs';
import matter from 'gray-matter';
import { clipBrief } from '../core/brief.js';
import { BriefSettings } from '../core/config.js';
import { errorCode, errorText, LabError } from '../core/errors.js';
import { checked, parseYaml } from './config-file.js';

/** Tier 1 of the memory: what the person wants. No tool of ours ever writes it. */
export interface Brief {
  /** Without the front matter, clipped to the cap. Empty when there is no brief. */
  text: string;
  exists: boolean;
  settings: BriefSettings;
  warnings: string[];
}

const MAX_BYTES = 1024 * 1024;

/** Reads the brief. Front matter keys that are not ours are left alone and named in a warning. Throws LabError. */
export function readBrief(path: string, maxChars: number): Brief {
  const raw = readStart(path);
  if (raw === null) return { text: '', exists: false, settings: {}, warnings: [] };
  const warnings: string[] = [];
  const file = split(raw, path);
  const known = Object.keys(BriefSettings.shape);
  const data = file.data;
  if (file.prose)
    warnings.push(
      `${path}: its block between --- lines is not "key: value" lines, so it sets nothing and is read as text`,
    );
  const foreign = Object.keys(data).filter((key) => !known.includes(key));
  if (foreign.length > 0)
    warnings.push(
      `${path}: front matter without effect: ${foreign.slice(0, 5).join(', ')} (known: ${known.join(', ')})`,
    );
  const settings = checked(
    BriefSettings,
    Object.fromEntries(Object.entries(data).filter(([key]) => known.includes(key))),
    path,
  );
  const clipped = clipBrief(file.content.trim(), maxChars);
  if (clipped.warning !== null) warnings.push(clipped.warning);
  return { text: clipped.text, exists: true, settings, warnings };
}

/** `prose`: what stands between the `---` lines is no settings but a part of the text, which a rule above it may well be. */
function split(
  raw: string,
  path: string,
): { data: Record<string, unknown>; content: string; prose: boolean } {
  let prose = false;
  const parse = (text: string): Record<string, unknown> => {
    const data = parseYaml(text, path);
    prose = data !== null && data !== undefined && !isMapping(data);
    return plainObject(data);
  };
  const refuse = () => {
    throw new LabError(
      `${path}: front matter must be YAML`,
      'begin it with --- and write "key: value" lines',
    );
  };
  try {
    const file = matter(raw, {
      // The library's own engines would evaluate JavaScript front matter and read YAML 1.1.
      engines: {
        yaml: { parse, stringify: refuse },
        javascript: { parse: refuse, stringify: refuse },
        js: { parse: refuse, stringify: refuse },
        coffee: { parse: refuse, stringify: refuse },
      },
    });
    return { data: plainObject(file.data), content: prose ? raw : file.content, prose };
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError(
      `${path}: its front matter cannot be read: ${errorText(error)}`,
      'begin it with --- and write "key: value" lines',
      { cause: error },
    );
  }
}

const isMapping = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const plainObject = (value: unknown): Record<string, unknown> => (isMapping(value) ? { ...value } : {});

/** Up to 1 MiB of the file; null when there is none. */
function readStart(path: string): string | null {
  try {
    // A pipe would be waited for without end.
    if (!statSync(path).isFile())
      throw new LabError(`${path} is not a plain file`, 'a brief is a plain text file: move this away');
    const fd = openSync(path, 'r');
    try {
      const buffer = Buffer.alloc(MAX_BYTES);
      const length = readSync(fd, buffer, 0, MAX_BYTES, 0);
      return buffer.toString('utf8', 0, length).replace(/^\uFEFF/, '');
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    if (error instanceof LabError) throw error;
    throw new LabError(
      `${path} cannot be read: ${errorText(error)}`,
      'it must be a plain text file that you may read',
      { cause: error },
    );
  }
}
