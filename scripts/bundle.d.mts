/** The files of the program by name; `start` is the name of the one that is started. */
export function buildProgram(start: string): Promise<Map<string, Uint8Array>>;
