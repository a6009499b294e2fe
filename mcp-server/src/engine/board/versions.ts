/** What a page holds, piece by piece: a reader who has an older version is told only of what changed since. */
export interface Versions {
  /** Notes the value of a piece, as JSON. A piece that is as before keeps its version. */
  put(name: string, json: string): void;
  remove(name: string): void;
  /** The newest version. */
  version(): number;
  /** Pieces that changed after a version, as JSON by name; null for one that is gone. 0 = all that there are. */
  since(version: number): [name: string, json: string | null][];
}

export function createVersions(): Versions {
  const pieces = new Map<string, { json: string | null; version: number }>();
  let version = 0;
  const set = (name: string, json: string | null): void => {
    if (pieces.get(name)?.json === json) return;
    version += 1;
    pieces.set(name, { json, version });
  };
  return {
    put: set,
    remove: (name) => set(name, null),
    version: () => version,
    since: (than) =>
      [...pieces].flatMap(([name, one]): [string, string | null][] =>
        one.version > than && (than > 0 || one.json !== null) ? [[name, one.json]] : [],
      ),
  };
}
