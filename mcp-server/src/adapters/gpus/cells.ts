import { oneLine } from '../../core/text.js';

const MIB = 1024 * 1024;

/** A number, with its unit or without; null for whatever else the cell says. */
export function numberIn(cell: string | undefined): number | null {
  const match = /^([+-]?\d+(?:\.\d+)?)(?:\s*(?:MiB|MB|%|W|°?C|MHz|mW))?$/.exec(cell?.trim() ?? '');
  return match === null ? null : Number(match[1]);
}

/** Bytes as whole MiB. */
export function mib(bytes: number | null): number | null {
  return bytes === null ? null : Math.round(bytes / MIB);
}

/** A text; null when the driver could not fill the cell. */
export function textIn(cell: string | undefined): string | null {
  const text = oneLine(cell ?? '');
  return text === '' || /^(?:N\/A|ERR!|unknown|\[.*\])$/i.test(text) ? null : text;
}

/** Words of a fault, as opposed to a cell that this model of GPU simply does not have. */
export function isFault(cell: string | undefined): boolean {
  return /^\[?(?:Unknown Error|ERR!|GPU is lost|GPU requires reset|Reset Required)\]?$/i.test(
    cell?.trim() ?? '',
  );
}
