import { KEY_PLACES, KEY_SHAPES } from './secrets.js';

const REDACTED = '[redacted]';

/** Shorter values would be found inside ordinary words and numbers. */
const MIN_LENGTH = 6;

/**
 * A function that replaces secrets in a text by `[redacted]`: the values given, in any of the forms in which programs
 * print them (as they are, in JSON, in an address, in base64), and everything that has the shape of a key. Values under
 * 6 characters are not looked for. Text that was redacted once stays as it is.
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
  const forms = [value, value.trim(), JSON.stringify(value).slice(1, -1)];
  // A lone surrogate has neither form.
  if (!/\p{Surrogate}/u.test(value)) {
    forms.push(
      encodeURIComponent(value),
      btoa(String.fromCharCode(...new TextEncoder().encode(value))).replace(/=+$/, ''),
    );
  }
  return forms;
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
