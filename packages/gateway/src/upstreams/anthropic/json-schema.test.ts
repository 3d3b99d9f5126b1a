import { expect, test } from 'vitest';
import { supportedSchema } from './json-schema.ts';

const closed = (fields: object) => ({ type: 'object', additionalProperties: false, ...fields });

test.each([
  ['an open object is closed', { type: 'object', properties: { a: {} } }, closed({ properties: { a: {} } })],
  ['an object without its type', { properties: { a: {} } }, closed({ properties: { a: {} } })],
  [
    'a map is closed, too, and said to be one',
    { type: 'object', additionalProperties: { type: 'string' }, description: 'A map.' },
    closed({ description: 'A map.\nadditionalProperties: {"type":"string"}' }),
  ],
  [
    'an object or null',
    { type: ['object', 'null'], required: ['a'] },
    { type: ['object', 'null'], required: ['a'], additionalProperties: false },
  ],
  [
    'bounds become wishes',
    { type: 'string', minLength: 2, pattern: '^a', format: 'regex', description: 'A name.' },
    { type: 'string', description: 'A name.\nminLength: 2\npattern: "^a"\nformat: "regex"' },
  ],
  ['known formats stay', { type: 'string', format: 'date-time' }, { type: 'string', format: 'date-time' }],
  ['small lower bounds of lists stay', { type: 'array', minItems: 1 }, { type: 'array', minItems: 1 }],
  [
    'others do not',
    { type: 'array', minItems: 2, items: { type: 'integer', maximum: 5 } },
    {
      type: 'array',
      items: { type: 'integer', description: 'maximum: 5' },
      description: 'minItems: 2',
    },
  ],
  [
    'one of becomes any of',
    { oneOf: [{ type: 'object' }, { const: 1 }] },
    { anyOf: [closed({}), { const: 1 }] },
  ],
  [
    'references and definitions',
    {
      $schema: 'x',
      $ref: '#/$defs/a',
      $defs: { a: { type: 'object' } },
      definitions: { b: { enum: [1], title: 'B', default: 1 } },
    },
    {
      $ref: '#/$defs/a',
      $defs: { a: closed({}) },
      definitions: { b: { enum: [1], title: 'B', default: 1 } },
    },
  ],
  [
    'odd values stay what they are',
    { items: true, properties: 5, anyOf: 'x' },
    {
      description: 'items: true\nproperties: 5\nanyOf: "x"',
    },
  ],
  [
    'a property with a name that is none',
    JSON.parse('{"properties":{"__proto__":{"type":"string"}}}') as object,
    {
      ...closed({}),
      properties: JSON.parse('{"__proto__":{"type":"string"}}') as object,
    },
  ],
])('%s', (_what, schema, expected) => {
  const before = JSON.stringify(schema);
  expect(supportedSchema(schema as Record<string, unknown>)).toEqual(expected);
  expect(JSON.stringify(schema)).toBe(before);
});
