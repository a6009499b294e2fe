/**
 * The one error that people see: what is wrong, and what to do about it.
 * Everything else that is thrown is a defect of ours and is shown as such.
 */
export class LabError extends Error {
  override readonly name = 'LabError';
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}

/** The same may succeed later: whoever is responsible for it tries again. */
export class LaterError extends LabError {}

/** Error codes of the operating system, or undefined for other errors. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** A short text for any thrown value. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
