import { createHash } from 'node:crypto';

export type HashName = 'sha1' | 'sha256';

export interface TreeFile {
  path: string;
  mode: string;
  /** Object id of the content. */
  id: string;
}

/** The id that git gives to a content (gitformat-pack: the hash of `blob <bytes>\0` and the content). */
export function blobId(data: Uint8Array, hash: HashName): string {
  return objectId('blob', data, hash);
}

/** The id that git gives to a tree of these files; nothing is written. */
export function treeId(files: readonly TreeFile[], hash: HashName): string {
  const folders = new Map<string, TreeFile[]>();
  const here: { name: string; mode: string; id: string }[] = [];
  for (const file of files) {
    const slash = file.path.indexOf('/');
    if (slash < 0) {
      here.push({ name: file.path, mode: file.mode, id: file.id });
      continue;
    }
    const name = file.path.slice(0, slash);
    const inside = folders.get(name) ?? [];
    inside.push({ ...file, path: file.path.slice(slash + 1) });
    folders.set(name, inside);
  }
  for (const [name, inside] of folders) here.push({ name, mode: '40000', id: treeId(inside, hash) });
  // Git sorts by bytes, a folder as if its name ended in a slash.
  const key = (entry: { name: string; mode: string }) =>
    Buffer.from(entry.mode === '40000' ? `${entry.name}/` : entry.name);
  const sorted = here
    .map((entry) => ({ ...entry, key: key(entry) }))
    .sort((a, b) => Buffer.compare(a.key, b.key));
  const body = sorted.flatMap(({ mode, name, id }) => [
    Buffer.from(`${mode} ${name}\0`),
    Buffer.from(id, 'hex'),
  ]);
  return objectId('tree', Buffer.concat(body), hash);
}

function objectId(type: string, data: Uint8Array, hash: HashName): string {
  return createHash(hash).update(`${type} ${data.length}\0`).update(data).digest('hex');
}
