import { KEY_PLACES, KEY_SHAPES } from './secrets.js';

const REDACTED = '[redacted]';

/** Shorter values would be found inside ordinary words and numbers. */
const MIN_LENGTH = 6;

/**
 * A function that replaces secrets in a text by `[redacted]`: the values given, in any of the forms in which programs
 * print them (as they are, in JSON, as Python shows them, in an address, in base64), and everything that has the shape
 * of a key. Values under 6 characters are not looked for. Text that was redacted once stays as it is.
 */
export function createRedactor(secretValues: readonly string[]): (text: string) => string {
  const forms = secretValues.filter((value) => value.trim().length >= MIN_LENGTH).flatMap(formsOf);
  const known = [...new Set(forms)]
    .filter((form) => !REDACTED.includes(form))
    .sort((a, b) => b.length - a.length);
  const values = known.length === 0 ? null : new RegExp(known.map(escapeRegExp).join('|'), 'g');
  return (text) => {
    let out = values === null ? text : text.replace(values, REDACTED);
    for (const shape of KEY_SHAPES) out = out.replace(shape, REDACTED);
    for (const place of KEY_PLACES) out = out.replace(place, `$1${REDACTED}`);
    return out;
  };
}

function formsOf(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  // Python shows its strings without a backslash before double quotes; where both quotes occur, with one before single ones.
  const python = json.replaceAll('\\"', '"');
  const forms = [value, value.trim(), json, python, python.replaceAll("'", "\\'"), ...keyLines(value)];
  // A lone surrogate has neither form.
  if (!/\p{Surrogate}/u.test(value)) forms.push(encodeURIComponent(value), ...base64Forms(value));
  return forms;
}

/** Lines of a key of several lines: the end of an output shows some of them without its first line. */
function keyLines(value: string): string[] {
  const lines = value.trim().split(/\r?\n/);
  return lines.length === 1
    ? []
    : lines.filter((line) => /^[A-Za-z0-9+/=_-]{16,}$/.test(line) && !/^--/.test(line));
}

/** In base64 alone, and in that of a longer text: there the letters depend on how many bytes come before. */
function base64Forms(value: string): string[] {
  const bytes = new TextEncoder().encode(value);
  const encoded = (before: number): string =>
    btoa(String.fromCharCode(...new Uint8Array(before), ...bytes)).replace(/=+$/, '');
  const within = [0, 1, 2].map((before) => {
    // Letters that hold bits of neighbours are left out.
    const [from, to] = [Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6)];
    return encoded(before).slice(from, to);
  });
  return [encoded(0), ...within];
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
