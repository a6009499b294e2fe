/** Elements of the page. What comes from projects is only ever put in as text. */
type Child = Node | string | null | undefined;

interface Given {
  class?: string;
  /** Attributes; null and false leave one out. */
  at?: Record<string, string | number | boolean | null | undefined>;
  on?: { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };
}

export function el<K extends keyof HTMLElementTagNameMap>(
  name: K,
  given: Given = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  if (given.class) element.className = given.class;
  for (const [key, value] of Object.entries(given.at ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(key, value === true ? '' : String(value));
  }
  for (const [type, act] of Object.entries(given.on ?? {})) {
    // The type of each listener was checked above, by its name.
    element.addEventListener(type, act as EventListener);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** The element of an id, which index.html has. */
export function byId<T extends HTMLElement>(id: string, type: abstract new (...args: never[]) => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${id}`);
  return found;
}

export const section = (id: string): HTMLElement => byId(id, HTMLElement);

/** Replaces what an element holds. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
}

export function button(text: string, act: () => void, kind = '', at: Given['at'] = {}): HTMLButtonElement {
  return el('button', { class: kind, at: { type: 'button', ...at }, on: { click: act } }, text);
}

/** Sets a text, and touches nothing where it is the same: a reader’s selection stays. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function word({ text, tone }: { text: string; tone: string }): Node {
  return text === '–' ? document.createTextNode('–') : el('span', { class: `word ${tone}` }, text);
}

/** Told to those who do not see the page. */
export function announce(text: string): void {
  say(section('said'), text);
}

/** How much of something is there, 0 to 1, with its name for those who do not see it. */
export function bar(share: number, label: string): HTMLElement {
  const inner = el('i');
  inner.style.width = `${Math.round(share * 100)}%`;
  const percent = Math.round(share * 100);
  return el(
    'div',
    {
      class: share >= 0.999 ? 'bar full' : 'bar',
      at: {
        role: 'progressbar',
        'aria-label': label,
        'aria-valuenow': percent,
        'aria-valuemin': 0,
        'aria-valuemax': 100,
      },
    },
    inner,
  );
}
