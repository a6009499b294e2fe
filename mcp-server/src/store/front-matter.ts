import matter from 'gray-matter';
import { errorText, LabError } from '../core/errors.js';
import { parseYaml } from './config-file.js';

/**
 * Splits a Markdown text from its front matter. `prose`: what stands between the `---` lines is no settings but a part of the
 * text, which a rule above it may well be. `path` is only named in errors. Throws LabError for what is no YAML.
 */
export function splitFrontMatter(
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
