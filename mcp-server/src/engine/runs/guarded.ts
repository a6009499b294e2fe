import { errorText } from '../../core/errors.js';

/** What goes wrong in one duty is told and tried again at the next look; it does not end the supervision. */
export async function guarded(
  log: (text: string) => void,
  duty: string,
  act: () => void | Promise<void>,
): Promise<void> {
  try {
    await act();
  } catch (error) {
    log(`${duty}: ${errorText(error)}`);
  }
}
