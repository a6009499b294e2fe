import type { Setting } from './event-file.js';

const NAME = /^[A-Za-z_][\w.-]{0,60}$/;

/**
 * The settings that a command names: `--lr 0.1`, `--lr=0.1`, `lr=0.1` (Hydra), `--amp`. Paths to programs and what stands
 * alone are no settings.
 */
export function settingsOfCommand(command: readonly string[]): Record<string, Setting> {
  const settings: Record<string, Setting> = {};
  for (const [index, word] of command.entries()) {
    // What an interpreter is told about the program is no setting of it.
    if (index === 1 && /^-[cm]$/.test(word)) continue;
    const flag = /^--?([A-Za-z_][\w.-]*)(?:=(.*))?$/s.exec(word);
    const pair = /^\+{0,2}([A-Za-z_][\w./-]*)=(.*)$/s.exec(word);
    const next = command[index + 1];
    if (flag !== null) {
      const [, name = '', value] = flag;
      const given = value ?? (next === undefined || /^--?[A-Za-z_]/.test(next) ? 'true' : next);
      if (NAME.test(name)) settings[name] = typed(given);
    } else if (pair !== null) {
      const [, name = '', value = ''] = pair;
      if (NAME.test(name)) settings[name] = typed(value);
    }
  }
  return settings;
}

function typed(text: string): Setting {
  if (/^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  const number = Number(text);
  return text.trim() !== '' && Number.isFinite(number) ? number : text.slice(0, 200);
}
