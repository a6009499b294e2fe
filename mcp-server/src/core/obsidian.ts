import { z } from 'zod';

const NoteName = z
  .string()
  .transform((name) => (name.endsWith('.md') ? name : `${name}.md`))
  .refine((name) => /^[^/\\\0.][^/\\\0]{0,99}$/.test(name), 'must be the name of a note, without a folder');
const flag = (value: boolean) => z.boolean().default(value);

/** Where notes about a project go. The keys of the Python original, with its defaults. */
export const Obsidian = z.strictObject({
  enabled: flag(false).describe(
    'Notes are kept up to date by themselves. `auto-experiment notes` writes them in any case.',
  ),
  vault_path: z
    .string()
    .optional()
    .describe('Folder of the Obsidian vault, `~/…` or absolute; absent = notes below the workspace.'),
  project_subdir: z
    .string()
    .default('DeepResearcher/{project_name}')
    .describe('Folder of this project in the vault.'),
  dashboard_note: NoteName.default('Dashboard.md').describe('Note that is written anew each time.'),
  daily_dir: z.string().default('Daily').describe('Folder of the daily notes, which are only appended to.'),
  auto_append_daily: flag(true).describe('False = only `auto-experiment notes` appends to the daily note.'),
  local_fallback_dir: z
    .string()
    .default('notes')
    .describe('Folder below the workspace for notes where there is no vault.'),
});
