import { LabError } from '../../core/errors.js';
import type { CodeRef } from '../../core/ledger.js';
import { splitAt } from '../../core/marked.js';
import { quote } from '../../core/posix.js';
import type { Skipped } from '../../store/code-files.js';
import { openForeignCode, sumOf } from '../../store/foreign-code.js';
import type { Project } from '../../store/project.js';
import { putCopy } from '../../store/snapshots.js';
import type { StoredFile } from '../../store/tree-copy.js';
import { treeId } from '../../store/tree-id.js';
import { askThere, freshMark, type Host, lines, notCode } from './ask.js';
import { listCodeThere } from './code-list.js';
import type { FileThere } from './look.js';

/** Bytes of contents in one answer. */
const BATCH = 8 << 20;

/** The code of a host as it lies there now, its contents kept here; `put` gives it to a run. */
export interface CodeOfHost {
  skipped: readonly Skipped[];
  put(run: string): CodeRef;
}

/**
 * Keeps the code that lies in a folder of a host among the snapshots here, where `restore`, `compare` and runs on other seeds
 * find it. Only contents that are not here yet travel. Throws LabError when the host cannot be asked.
 */
export async function keepCodeThere(host: Host, project: Project, folder: string): Promise<CodeOfHost> {
  const at = { project: project.paths.root, workspace: project.paths.workspace };
  const store = openForeignCode(at);
  const { files, skipped } = await listCodeThere(host, folder, notCode(project));
  const kept: StoredFile[] = [];
  const missing: FileThere[] = [];
  for (const file of files) {
    const id = store.idOf(file.sum);
    if (id === null) missing.push(file);
    else kept.push(storedAs(file, id, file.bytes));
  }
  for (const batch of batches(missing)) {
    for (const [file, data] of await fetchAll(host, folder, batch)) {
      // What changes in this instant is kept as it came.
      kept.push(storedAs(file, store.keep(data), data.length));
    }
  }
  if (kept.length < files.length)
    throw new LabError(
      `${files.length - kept.length} file(s) of the code on ${host.name} changed while they were read`,
      'launch again when nobody writes there',
    );
  kept.sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    skipped,
    put(run) {
      const message = `auto-experiment ${run}, from ${host.name}:${folder}`;
      const { kind, id, tree } = putCopy(
        { ...at, run, message },
        { files: kept, tree: treeId(kept, 'sha256'), skipped },
      );
      return { kind, id, tree };
    },
  };
}

const storedAs = ({ path, mode }: FileThere, id: string, bytes: number): StoredFile => ({
  path,
  mode,
  id,
  bytes,
});

function batches(files: readonly FileThere[]): FileThere[][] {
  const all: FileThere[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const file of files) {
    if (bytes + file.bytes > BATCH) {
      all.push([]);
      bytes = 0;
    }
    all.at(-1)?.push(file);
    bytes += file.bytes;
  }
  return all;
}

async function fetchAll(
  host: Host,
  folder: string,
  files: readonly FileThere[],
): Promise<[FileThere, Buffer][]> {
  const mark = freshMark();
  const paths = files.map((file) => file.path);
  const script = `cd ${quote(folder)} || exit 1
${lines(
  `i=0; while IFS= read -r f; do printf '\\n%s %s\\n' ${mark} $i; i=$((i + 1)); if [ -h "$f" ]; then readlink "$f"; else cat < "$f"; fi; done 2> /dev/null`,
  paths,
)}
printf '\\n%s end\\n' ${mark}`;
  const answer = await askThere(host, script, 300_000);
  return splitAt(answer, `\n${mark} `)
    .slice(1)
    .flatMap((part): [FileThere, Buffer][] => {
      const data = Buffer.from(part.buffer, part.byteOffset, part.length);
      const end = data.indexOf('\n');
      const file = files[Number(data.toString('latin1', 0, end))];
      if (file === undefined) return [];
      const body = data.subarray(end + 1);
      // readlink ends its answer with a line break, which is no part of the target.
      const content = Buffer.from(file.mode === '120000' ? body.subarray(0, -1) : body);
      return content.length === 0 && file.bytes > 0 && sumOf(content) !== file.sum ? [] : [[file, content]];
    });
}
