import { dated } from '../../core/dated.js';
import { LabError } from '../../core/errors.js';
import { splitAt } from '../../core/marked.js';
import { quote } from '../../core/posix.js';
import { toLatin1 } from '../../core/reading/lines.js';
import { kindByName } from '../../core/reading/sources/kinds.js';
import { FIND_SOURCES } from '../../core/reading/sources/there.js';
import { printHistory } from '../../core/reading/sources/whole-json.js';
import { type Census, readCensus, writeCensus } from '../../store/census.js';
import type { RunPaths } from '../../store/paths.js';
import { askThere, freshMark, type Host } from './ask.js';

const MAX_FILES = 300;
const TAIL = 64;
const HISTORY = 1 << 20;

/**
 * Writes down which files that may hold metrics there are on a host just before the run starts, once. A host that is lost in this
 * instant is met again at the start itself.
 */
export async function takeCensusThere(host: Host, folder: string, run: RunPaths): Promise<void> {
  if (readCensus(run) !== null) return;
  const mark = freshMark();
  const script = `cd ${quote(folder)} || exit 1
find . ${FIND_SOURCES} -print 2> /dev/null | head -n ${MAX_FILES + 1} | while IFS= read -r f; do
printf '\\n%s ' ${mark}; stat -c '%s|%y|%n' "$f"
case $f in */trainer_state.json) head -c ${HISTORY} < "$f" ;; *) tail -c ${TAIL} < "$f" ;; esac
done 2> /dev/null
:`;
  let parts: Uint8Array[];
  try {
    parts = splitAt(await askThere(host, script), `\n${mark} `).slice(1);
  } catch (error) {
    if (error instanceof LabError) return;
    throw error;
  }
  const census: Census = { complete: parts.length <= MAX_FILES, files: {} };
  for (const part of parts) {
    const data = Buffer.from(part.buffer, part.byteOffset, part.length);
    const end = data.indexOf('\n');
    const [, size = '', time = '', path] =
      /^(\d+)\|([^|]+)\|\.\/(.+)$/.exec(data.toString('utf8', 0, end)) ?? [];
    const kind = path === undefined ? null : kindByName(path);
    if (path === undefined || kind === null) continue;
    const body = data.subarray(end + 1);
    const history = kind === 'trainer-state' ? printHistory(body.toString('utf8')) : null;
    census.files[path] = {
      size: Number(size),
      mtime: dated(time, 0),
      tail: toLatin1(body.subarray(Math.max(0, body.length - TAIL))),
      ...(history === null ? {} : { history }),
    };
  }
  writeCensus(run, census);
}
