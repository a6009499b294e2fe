import { byId } from './dom.js';

const ORDER = ['auto', 'light', 'dark'] as const;
type Choice = (typeof ORDER)[number];

/** Light and dark as the system says, or as a person chose. `changed` is called when the colours are others. */
export function startTheme(changed: () => void): void {
  const toggle = byId('theme', HTMLButtonElement);
  const system = matchMedia('(prefers-color-scheme: dark)');
  let choice: Choice = ORDER.find((one) => one === localStorage.getItem('theme')) ?? 'auto';
  const apply = (): void => {
    const dark = choice === 'dark' || (choice === 'auto' && system.matches);
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    toggle.textContent = choice === 'auto' ? 'Theme: as the system' : `Theme: ${choice}`;
    changed();
  };
  toggle.addEventListener('click', () => {
    choice = ORDER[(ORDER.indexOf(choice) + 1) % ORDER.length] ?? 'auto';
    localStorage.setItem('theme', choice);
    apply();
  });
  system.addEventListener('change', apply);
  apply();
}

/** The colours of the page as it is now, for what is drawn. */
export function colours(): (name: string) => string {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(name).trim();
}
