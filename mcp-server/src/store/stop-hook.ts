import { z } from 'zod';
import { readTextIfThere, writeAtomic } from './files.js';

/** How often an agent was sent back to its campaign, `stop-hook.json`. Losing it costs one more reminder. */
const Reminders = z.strictObject({
  campaign: z.string().describe('when the campaign began'),
  ledger: z.number().int().describe('bytes of the ledger at the last reminder'),
  inARow: z.number().int().describe('reminders since the ledger last grew'),
  total: z.number().int(),
});
export type Reminders = z.output<typeof Reminders>;

/** What was noted; null where nothing was, or nothing that can be read. */
export function readReminders(path: string): Reminders | null {
  try {
    const parsed = Reminders.safeParse(JSON.parse(readTextIfThere(path) ?? 'null'));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

export function writeReminders(path: string, reminders: Reminders): void {
  writeAtomic(path, `${JSON.stringify(reminders)}\n`);
}
