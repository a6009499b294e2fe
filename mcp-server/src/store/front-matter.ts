import matter from 'gray-matter';
import { errorText, LabError } from '../core/errors.js';
import { parseYaml } from './config-file.js';

/** Splits a Markdown text from its front matter. `path` is only named in errors. Throws LabError for what is no YAML. */
export function splitFrontMatter(
  raw: string,
  path: string,
): { data: Record<string, unknown>; content: string } {
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
        yaml: { parse: (text: string) => plainObject(parseYaml(text, path)), stringify: refuse },
        javascript: { parse: refuse, stringify: refuse },
        js: { parse: refuse, stringify: refuse },
        coffee: { parse: refuse, stringify: refuse },
      },
    });
    return { data: plainObject(file.data), content: file.content };
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError(
      `${path}: its front matter cannot be read: ${errorText(error)}`,
      'begin it with --- and write "key: value" lines',
      { cause: error },
    );
  }
}

function plainObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
