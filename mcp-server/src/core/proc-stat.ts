/**
 * What identifies a process in the text of `/proc/PID/stat` (proc(5)): state, process group (field 5) and start time
 * in clock ticks since boot (field 22). The name in parentheses may hold spaces and parentheses, so fields are
 * counted from the last `)`. Null when the text is not of that form.
 */
export function parseStat(text: string): { state: string; group: number; start: string } | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  if (state === undefined || start === undefined || state === '') return null;
  return { state, group: Number(fields[2]), start };
}
