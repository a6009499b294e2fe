/** What `doctor` found out about one thing. */
export interface Check {
  name: string;
  state: 'good' | 'note' | 'bad';
  text: string;
  hint: string | null;
}

export const good = (name: string, text: string): Check => ({ name, state: 'good', text, hint: null });
export const note = (name: string, text: string, hint: string): Check => ({
  name,
  state: 'note',
  text,
  hint,
});
export const bad = (name: string, text: string, hint: string): Check => ({ name, state: 'bad', text, hint });
