import { button, byId, el, fill } from './dom.js';

class Refused extends Error {
  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

/** Asks the server. Throws Refused with its words. */
export async function get<T>(
  path: string,
  query: Record<string, string | number>,
  signal?: AbortSignal,
): Promise<T> {
  const search = new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)]));
  return answer<T>(await fetch(`${path}?${search}`, signal === undefined ? {} : { signal }));
}

export async function post<T>(path: string, body: unknown): Promise<T> {
  const headers = { 'Content-Type': 'application/json' };
  return answer<T>(await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }));
}

async function answer<T>(response: Response): Promise<T> {
  if (response.ok) return response.json();
  const text = await response.text();
  throw refusalOf(text, response.status);
}

function refusalOf(text: string, status: number): Refused {
  try {
    const said: unknown = JSON.parse(text);
    if (typeof said === 'object' && said !== null && 'message' in said && 'hint' in said)
      return new Refused(String(said.message), String(said.hint));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return new Refused(text.trim() || `the dashboard answered ${status}`, 'load the page anew');
}

/** Words for a person about what went wrong. */
export function trouble(error: unknown): string {
  if (error instanceof Refused) return `${error.message}: ${error.hint}`;
  if (error instanceof TypeError)
    return 'The dashboard does not answer. Is it still running in its terminal?';
  return error instanceof Error ? error.message : String(error);
}

/** Asks a person whether something is meant; the careful answer is at hand. */
export function confirmed(question: { title: string; text: string; yes: string }): Promise<boolean> {
  const dialog = byId('ask', HTMLDialogElement);
  return new Promise((resolve) => {
    const close = (yes: boolean) => () => {
      dialog.returnValue = yes ? 'yes' : '';
      dialog.close();
    };
    const no = button('Cancel', close(false));
    fill(
      dialog,
      el('h2', { at: { id: 'ask-title' } }, question.title),
      el('p', {}, question.text),
      el('div', { class: 'row' }, no, button(question.yes, close(true), 'danger')),
    );
    dialog.returnValue = '';
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
    dialog.showModal();
    no.focus();
  });
}
