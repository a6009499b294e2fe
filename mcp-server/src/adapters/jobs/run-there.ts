import { dirname } from 'node:path';
import type { JobHandle } from '../../core/ports.js';
import { ownFolder } from '../../core/reading/sources/there.js';

/** The run's folder on its own machine; on a shared disk of this computer it is the run's folder itself. */
export function folderThere(handle: JobHandle): string {
  const place = handle.place ?? null;
  if (place === null) return dirname(handle.recordDir);
  return `${place.workspace}/${ownFolder(handle.marker)}`;
}

export const isElsewhere = (handle: JobHandle): boolean => (handle.place ?? null) !== null;
