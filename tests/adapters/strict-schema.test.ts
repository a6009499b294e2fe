import { expect, it } from 'vitest';
import { z } from 'zod';
import { strictSchema, withoutNulls } from '../../mcp-server/src/adapters/providers/strict-schema.js';

const Plan = z.strictObject({
  title: z.string(),
  note: z.string().optional(),
  prior: z.string().nullable(),
  steps: z.array(z.strictObject({ run: z.string(), seed: z.number().optional() })).default([]),
  how: z.union([z.strictObject({ lr: z.number().optional() }), z.literal('none')]).optional(),
});

/** Every object of a schema. */
function objects(schema: unknown): Record<string, unknown>[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const inner = Object.values(schema).flatMap(objects);
  return 'properties' in schema ? [{ ...schema }, ...inner] : inner;
}

it('closes every object and requires every property; what was optional may be null', () => {
  const schema = strictSchema(z.toJSONSchema(Plan, { io: 'input' }));
  expect(objects(schema)).toHaveLength(3);
  for (const { properties, required, additionalProperties } of objects(schema)) {
    expect(additionalProperties).toBe(false);
    expect(required).toEqual(Object.keys(properties ?? {}));
  }
  expect(JSON.stringify(schema)).not.toMatch(/\$schema|"default"/);
});

it('an answer to it is one to the schema itself', () => {
  const schema = z.toJSONSchema(Plan, { io: 'input' });
  const answer = {
    title: 'a',
    note: null,
    prior: null,
    steps: [
      { run: 'exp001', seed: null },
      { run: 'exp002', seed: 3 },
    ],
    how: null,
  };
  const plain = withoutNulls(answer, schema);
  expect(plain).toEqual({ title: 'a', prior: null, steps: [{ run: 'exp001' }, { run: 'exp002', seed: 3 }] });
  expect(Plan.safeParse(plain).success).toBe(true);
  for (const odd of [null, 3, 'x', [], { title: null }])
    expect(() => withoutNulls(odd, schema)).not.toThrow();
});
