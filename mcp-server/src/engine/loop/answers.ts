import type { z } from 'zod';
import { PlanAnswer, ReflectionAnswer, WorkAnswer } from '../../core/plan.js';
import type { Role, ToolOffer } from '../../core/provider.js';
import { inputSchema } from '../tool.js';

/** A native tool that is no deed but an answer: calling it ends the conversation. */
export interface AnswerTool<A> {
  name: string;
  description: string;
  schema: z.ZodType<A>;
}

export const submitPlan: AnswerTool<PlanAnswer> = {
  name: 'submit_plan',
  description: 'Your decision of this cycle: what is done next.',
  schema: PlanAnswer,
};

export const submitReflection: AnswerTool<ReflectionAnswer> = {
  name: 'submit_reflection',
  description: 'What you learn from a judged run. The verdict itself is the program’s.',
  schema: ReflectionAnswer,
};

export const submitWork: AnswerTool<WorkAnswer> = {
  name: 'submit_work',
  description: 'Your last word, when your task is done or cannot be done.',
  schema: WorkAnswer,
};

const offer = ({ name, description, schema }: AnswerTool<unknown>): ToolOffer => ({
  name,
  description,
  input: inputSchema(schema),
});

/** All that a role may ever answer with: offered in every call, so that what is cached stays the same. */
export const ANSWER_OFFERS: Readonly<Record<Role, readonly ToolOffer[]>> = {
  leader: [offer(submitPlan), offer(submitReflection)],
  idea: [offer(submitWork)],
  code: [offer(submitWork)],
  writing: [offer(submitWork)],
};
