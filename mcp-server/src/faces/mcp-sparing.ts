import { z } from 'zod';

// The schemas of the MCP library check a message or two before a client is greeted: to compile a parser for each, as zod
// does for what is parsed often, takes longer than it saves. Imported before the library makes them.
spareParsers(true);

/** Whether schemas that are made from now on do without a compiled parser. */
export function spareParsers(jitless: boolean): void {
  z.config({ jitless });
}
