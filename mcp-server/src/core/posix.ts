/** One word for a POSIX shell: whatever it holds, the shell takes it as it is. The only place that quotes. */
export const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Words of a command, quoted. */
export const quoteAll = (words: readonly string[]): string => words.map(quote).join(' ');

/** `export` lines. Values travel in a script that is read from standard input: arguments are seen by everybody. */
export const exportLines = (env: Readonly<Record<string, string>>): string =>
  Object.entries(env)
    .filter(([name]) => /^[A-Za-z_]\w*$/.test(name))
    .map(([name, value]) => `export ${name}=${quote(value)}\n`)
    .join('');
