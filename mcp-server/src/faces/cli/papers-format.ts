import { FORMATS, type Format } from '../../core/paper/exports/index.js';
import { type Parsed, UsageError } from '../command.js';

/** What `--format` names, or undefined. Throws UsageError. */
export function formatOf(args: Parsed): Format | undefined {
  const name = args.values.format;
  if (name === undefined) return undefined;
  const format = FORMATS.find((one) => one === name);
  if (format === undefined) throw new UsageError(`--format takes ${FORMATS.join(', ')}, not "${name}"`);
  return format;
}
