import { dated } from '../../core/dated.js';
import { quote } from '../../core/posix.js';
import { FIND_SOURCES } from '../../core/reading/sources/there.js';

/** A file that may hold metrics, as it is there. */
export interface FoundFile {
  /** `own`: below the run's own folder for files · `cwd`: below the folder that it works in. */
  within: 'own' | 'cwd';
  path: string;
  size: number;
  /** In milliseconds, by the clock there. */
  mtime: number;
  /** In milliseconds, by the clock here; 0 = unknown. */
  birth: number;
  id: string;
}

/** A part of such a file that is asked for. */
export interface Piece {
  /** Absolute. */
  path: string;
  from: number;
  most: number;
}

const MAX_FOUND = 500;

/** Shell: `files RUN-FOLDER CWD` prints what changed since the run's start; `piece PATH FROM MOST` a part of a file. */
export const filesFunctions = (mark: string): string => `found() {
cd "$1" 2> /dev/null && printf '%s\\n' "@$3" && find . ${FIND_SOURCES} -newer "$2/begun" -exec stat -c '%s|%d:%i|%W|%y|%n' {} + 2> /dev/null
}
files() {
printf '\\n%s files\\n' ${mark}
{ ( found "$1/files" "$1" own ); ( found "$2" "$1" cwd ); } | head -n ${MAX_FOUND}
}
piece() {
printf '\\n%s piece\\n' ${mark}
[ ! -f "$1" ] || { tail -c "+$2" < "$1" | head -c "$3"; } 2> /dev/null
}`;

export const pieceLine = ({ path, from, most }: Piece): string => `piece ${quote(path)} ${from + 1} ${most}`;

/** `skew`: from the clock there to the clock here. */
export function readFound(text: string, skew: number): FoundFile[] {
  let within: FoundFile['within'] = 'own';
  return text.split('\n').flatMap((line): FoundFile[] => {
    if (line === '@own' || line === '@cwd') within = line === '@own' ? 'own' : 'cwd';
    const [, size, id = '', birth, time = '', path] =
      /^(\d+)\|(\d+:\d+)\|([^|]*)\|([^|]+)\|\.\/(.+)$/.exec(line) ?? [];
    if (path === undefined) return [];
    const born = Number(birth);
    return [
      {
        within,
        path,
        size: Number(size),
        mtime: dated(time, 0),
        birth: born > 0 ? born * 1000 + 999 + skew : 0,
        id,
      },
    ];
  });
}
