/** Who holds a lock, in its own words. */
export interface LockHolder {
  pid: number;
  /** What it does, for a person: "supervisor of /home/me/project". */
  about: string;
}

/** A held lock, whatever holds it underneath. */
export interface Grip {
  release(): Promise<void>;
}

/** Reads `{"pid": 42, "about": "…"}`; null for anything else, for instance a text that is not yet written whole. */
export function parseHolder(text: string): LockHolder | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('about' in value)) return null;
    const { pid, about } = value;
    return typeof pid === 'number' && typeof about === 'string' ? { pid, about } : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
