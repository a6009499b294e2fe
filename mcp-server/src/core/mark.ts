/** The text of a record link: `key=value;key=value`, under 60 bytes, so that it fits into the inode itself. */
export function formatMark(fields: Record<string, string | number>): string {
  const text = Object.entries(fields)
    .map(([key, value]) => `${key}=${String(value).replace(/[;=\s/]/g, '_')}`)
    .join(';');
  return text.slice(0, 59);
}

/** The fields of a record link. Text without fields gives none: it is unknown, never success. */
export function parseMark(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const pair of text.split(';')) {
    const at = pair.indexOf('=');
    if (at > 0) fields[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return fields;
}

/** A field as a whole number, or null. */
export function markNumber(fields: Record<string, string>, key: string): number | null {
  const text = fields[key];
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : null;
}
