/**
 * Terminal control sequences (ECMA-48): CSI `ESC [ … final`, strings such as OSC `ESC ] … BEL|ESC \`, two-character
 * escapes, and backspaces, which some progress bars use to go back over what they wrote. Colours that lost their `ESC`
 * on the way into a file (`[32mloss[0m`) count as well.
 */
const CONTROL =
  /\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]|\[\d+(?:;\d+){0,5}m(?!\s*[<\],]|\s+\d)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g;
const ANY_CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\[\d+(?:;\d+){0,5}m(?!\s*[<\],]|\s+\d)/;

/** The text as a person sees it. Tabs, `\r` and `\n` stay. */
export function stripAnsi(text: string): string {
  return ANY_CONTROL.test(text) ? text.replace(CONTROL, '') : text;
}

/** The same text with every control sequence overwritten by `\x01`, so that offsets stay as they are. */
export function blankAnsi(text: string): string {
  return ANY_CONTROL.test(text) ? text.replace(CONTROL, (found) => '\x01'.repeat(found.length)) : text;
}
