import { isFields } from './body.js';

/**
 * A JSON Schema as strict structured output wants it: every object closed and every property required. What was optional
 * may then be null; `withoutNulls` takes those nulls out of the answer again.
 */
export function strictSchema(schema: Record<string, unknown>): Record<string, unknown> {
  const { $schema, ...rest } = schema;
  void $schema;
  return strict(rest);
}

function strict(schema: Record<string, unknown>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'default') continue;
    if (key === 'properties' && isFields(value)) continue;
    if (Array.isArray(value)) out[key] = value.map((one) => (isFields(one) ? strict(one) : one));
    else out[key] = isFields(value) && key !== 'enum' && key !== 'const' ? strict(value) : value;
  }
  if (!isFields(schema.properties)) return out;
  const required = requiredOf(schema);
  out.properties = Object.fromEntries(
    Object.entries(schema.properties).map(([name, value]) => {
      const inner = isFields(value) ? strict(value) : value;
      return [name, required.includes(name) ? inner : { anyOf: [inner, { type: 'null' }] }];
    }),
  );
  out.required = Object.keys(schema.properties);
  out.additionalProperties = false;
  return out;
}

const requiredOf = (schema: Record<string, unknown>): unknown[] =>
  Array.isArray(schema.required) ? schema.required : [];

/** An answer to the strict schema as one to the schema itself: a null that stood for an absent property is absent. */
export function withoutNulls(value: unknown, schema: unknown): unknown {
  if (!isFields(schema)) return value;
  if (Array.isArray(value)) return value.map((one) => withoutNulls(one, schema.items));
  const { properties } = schema;
  if (!isFields(value) || !isFields(properties)) return value;
  const required = requiredOf(schema);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, inner]) => inner !== null || !(name in properties) || required.includes(name))
      .map(([name, inner]) => [name, withoutNulls(inner, properties[name])]),
  );
}
