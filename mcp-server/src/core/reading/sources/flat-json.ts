const NON_FINITE = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);
const DEEPEST = 4;
const MOST = 1000;

/** JSON as Python writes it, with NaN and Infinity as bare words. Undefined when it is no JSON. */
export function parseLooseJson(text: string): unknown {
  // The bare words become texts, which `flatNumbers` reads as what they say.
  const strict = /NaN|Infinity/.test(text) ? text.replace(WORDS, quoted) : text;
  try {
    return JSON.parse(strict);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const WORDS = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;
const quoted = (word: string): string => (word.startsWith('"') ? word : `"${word}"`);

/** The numbers in a JSON value, nested names joined by `.`. Objects that hold media (`_type`) and lists have none. */
export function flatNumbers(value: unknown, name: string): [name: string, value: number][] {
  const out: [string, number][] = [];
  collect(value, name, 0, out);
  return out;
}

export function flatJson(json: string, name: string): [name: string, value: number][] {
  return flatNumbers(parseLooseJson(json), name);
}

function collect(value: unknown, name: string, depth: number, out: [string, number][]): void {
  if (out.length >= MOST) return;
  if (typeof value === 'number') out.push([name, value]);
  else if (typeof value === 'string') {
    const number = NON_FINITE.get(value);
    if (number !== undefined) out.push([name, number]);
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    if (depth >= DEEPEST || '_type' in value) return;
    for (const [key, inner] of Object.entries(value))
      collect(inner, name === '' ? key : `${name}.${key}`, depth + 1, out);
  }
}
