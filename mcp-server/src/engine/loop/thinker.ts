import type { Provider, Role, Usage } from '../../core/provider.js';
import type { AnyTool } from '../tool.js';

/** Who thinks in a loop with a model, and with what. Only the planner with a model is given one. */
export interface Thinker {
  provider: Provider;
  model: string;
  /** USD; null = the price is unknown. `request`: these are the tokens of a single request. */
  price(model: string, usage: Usage, request: boolean): number | null;
  /** Every tool there is; a role is offered those of its own. */
  tools: readonly AnyTool[];
  /** The role's own instructions, from `agents/`. Throws LabError where they are missing. */
  prompt(role: Role): string;
}
