/**
 * What identifies a process in the text of `/proc/PID/stat` (proc(5)): state, parent (field 4), process group (field 5) and start time
 * in clock ticks since boot (field 22). The name in parentheses may hold spaces and parentheses, so fields are
 * counted from the last `)`. Null when the text is not of that form.
 */
export function parseStat(
  text: string,
): { state: string; parent: number; group: number; start: string } | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  if (state === undefined || start === undefined || state === '') return null;
  return { state, parent: Number(fields[1]), group: Number(fields[2]), start };
}
