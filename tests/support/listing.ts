import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** All that lies below a folder, with what it holds: two equal listings mean that nothing was written in between. */
export function listing(root: string): Record<string, string> {
  const all: Record<string, string> = {};
  const walk = (folder: string): void => {
    for (const name of readdirSync(folder).sort()) {
      // A supervisor of earlier runs may end at any time and say so.
      if (name === 'supervisor.log') continue;
      const path = join(folder, name);
      const stat = lstatSync(path);
      const mode = stat.mode.toString(8);
      if (stat.isSymbolicLink()) all[path] = `link ${readlinkSync(path)}`;
      else if (stat.isFile())
        all[path] = `${mode} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
      else all[path] = `${mode} ${stat.isDirectory() ? 'folder' : 'other'}`;
      if (stat.isDirectory()) walk(path);
    }
  };
  walk(root);
  return all;
}
