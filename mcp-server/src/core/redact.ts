import { KEY_PLACES, KEY_SHAPES } from './secrets.js';

const REDACTED = '[redacted]';

/** Shorter values would be found inside ordinary words and numbers. */
const MIN_LENGTH = 6;

/** Around the break of a long word: quotes and indentation of this length at most are taken for a part of it. */
const AROUND = 200;

/**
 * A function that replaces secrets in a text by `[redacted]`: the values given, in any of the forms in which programs
 * print them (as they are, in JSON, as Python shows them, in an address, in base64 or hexadecimal, each also encoded twice, and
 * broken over lines), and everything that has the shape of a key. Values under 6 characters are not looked for. Text that was redacted once stays as it is.
 */
export function createRedactor(secretValues: readonly string[]): (text: string) => string {
  const forms = secretValues.filter((value) => value.trim().length >= MIN_LENGTH).flatMap(formsOf);
  const known = new Set(forms.filter((form) => form.length >= MIN_LENGTH && !REDACTED.includes(form)));
  const find = known.size === 0 ? null : finderOf(known);
  return (text) => {
    let out = find === null ? text : withoutBroken(without(text, find(text)), find);
    for (const shape of KEY_SHAPES) out = out.replace(shape, REDACTED);
    for (const place of KEY_PLACES) out = out.replace(place, `$1${REDACTED}`);
    return out;
  };
}

interface Place {
  from: number;
  to: number;
}

/**
 * Finds the first and longest of many words, from left to right, in time linear in the text however many they are
 * (R. Karp, M. Rabin, "Efficient randomized pattern-matching algorithms", 1987): by a rolling hash of their first letters.
 */
function finderOf(words: ReadonlySet<string>): (text: string) => Place[] {
  const byStart = new Map<number, string[]>();
  for (const word of [...words].sort((a, b) => b.length - a.length)) {
    const start = hashOf(word);
    byStart.set(start, [...(byStart.get(start) ?? []), word]);
  }
  // Most places are told apart by this alone.
  const maybe = new Uint8Array(FILTER);
  for (const start of byStart.keys()) maybe[start & (FILTER - 1)] = 1;
  return (text) => {
    const found: Place[] = [];
    let hash = hashOf(text);
    for (let from = 0; from + MIN_LENGTH <= text.length; from++) {
      const word =
        maybe[hash & (FILTER - 1)] === 1
          ? byStart.get(hash)?.find((one) => text.startsWith(one, from))
          : undefined;
      if (word !== undefined) {
        found.push({ from, to: from + word.length });
        from += word.length - 1;
        hash = hashOf(text, from + 1);
      } else {
        hash =
          (Math.imul(hash - Math.imul(text.charCodeAt(from), LEAVING), BASE) +
            text.charCodeAt(from + MIN_LENGTH)) |
          0;
      }
    }
    return found;
  };
}

const FILTER = 1 << 16;
const BASE = 0x9e3779b1 | 0;
const LEAVING = Array.from({ length: MIN_LENGTH - 1 }).reduce<number>((power) => Math.imul(power, BASE), 1);

/** Of the `MIN_LENGTH` letters from there on. */
function hashOf(text: string, from = 0): number {
  let hash = 0;
  for (let at = from; at < from + MIN_LENGTH; at++) hash = (Math.imul(hash, BASE) + text.charCodeAt(at)) | 0;
  return hash;
}

function without(text: string, places: readonly Place[]): string {
  let out = '';
  let done = 0;
  for (const { from, to } of places) {
    out += text.slice(done, from) + REDACTED;
    done = to;
  }
  return out + text.slice(done);
}

/** Redacts values that are broken over lines: they are looked for in the text without its line breaks. */
function withoutBroken(text: string, find: (text: string) => Place[]): string {
  const breaks = breaksOf(text);
  if (breaks.length === 0) return text;
  let joined = '';
  let behind = 0;
  /** Where, in the joined text, each break was, and how much was left out up to it. */
  const seams = breaks.map(({ from, to }) => {
    joined += text.slice(behind, from);
    behind = to;
    return { at: joined.length, from, to };
  });
  joined += text.slice(behind);
  let seam = 0;
  const places = find(joined).map((place) => {
    // Behind the breaks at its beginning, before those at its end.
    while ((seams[seam]?.at ?? Number.POSITIVE_INFINITY) <= place.from) seam += 1;
    const from = place.from + leftOut(seams[seam - 1]);
    while ((seams[seam]?.at ?? Number.POSITIVE_INFINITY) < place.to) seam += 1;
    return { from, to: place.to + leftOut(seams[seam - 1]) };
  });
  return without(text, places);
}

const leftOut = (seam: { at: number; to: number } | undefined): number =>
  seam === undefined ? 0 : seam.to - seam.at;

/** Line breaks with the quotes, the backslash and the blanks that pretty-printers and consoles put around them. */
function breaksOf(text: string): Place[] {
  const found: Place[] = [];
  let behind = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', behind)) {
    let [from, to] = [at, at + 1];
    while (from > Math.max(behind, at - AROUND) && BEFORE.has(text[from - 1] ?? '')) from -= 1;
    while (to < at + AROUND && AFTER.has(text[to] ?? '')) to += 1;
    found.push({ from, to });
    behind = to;
  }
  return found;
}

const BEFORE = new Set([' ', '\t', '\r', '"', "'", '\\']);
const AFTER = new Set([' ', '\t', '"', "'"]);

function formsOf(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  // Python shows its strings without a backslash before double quotes; where both quotes occur, with one before single ones.
  const python = json.replaceAll('\\"', '"');
  const forms = [
    value,
    value.trim(),
    json,
    python,
    python.replaceAll("'", "\\'"),
    ...keyLines(value),
    ...wrappedForms(value),
  ];
  // A lone surrogate has no other form.
  if (/\p{Surrogate}/u.test(value)) return forms;
  const once = new Set([...addressForms(value), ...base64Forms(value)]);
  const twice = [...once].flatMap((form) => [...addressForms(form), ...base64Forms(form)]);
  return [...forms, ...once, ...twice, ...hexForms(value)];
}

/** As JavaScript and Python (with and without its slashes, and of a form) write it into an address. */
function addressForms(text: string): string[] {
  const script = encodeURIComponent(text);
  const python = script.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const forms = [script, python, python.replaceAll('%2F', '/'), python.replaceAll('%20', '+')];
  return [...forms, ...forms.map((form) => form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))];
}

function hexForms(text: string): string[] {
  const hex = Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  );
  return [hex, hex.toUpperCase()];
}

/** Of words: a console breaks them at a blank, which is then gone together with the line break. */
const wrappedForms = (value: string): string[] =>
  [...value.trim().matchAll(/ /g)].map(
    ({ index }) => `${value.trim().slice(0, index)}${value.trim().slice(index + 1)}`,
  );

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
  const forms = [encoded(0), ...within];
  return [...forms, ...forms.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];
}
