import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configJsonSchema } from './json-schema.ts';
import { CONFIG_FILE_VARIABLE, OVERRIDES } from './overrides.ts';
import { formatPath } from './paths.ts';
import { configReference, configReferenceMarkdown } from './reference.ts';

const root = join(import.meta.dirname, '../../../..');
const documentation = readFileSync(join(root, 'docs/configuration.md'), 'utf8');

test('profiles/switchyard.schema.json is what the schema gives; print it again with configJsonSchemaText()', () => {
  const committed: unknown = JSON.parse(readFileSync(join(root, 'profiles/switchyard.schema.json'), 'utf8'));
  expect(committed).toEqual(configJsonSchema());
});

test('docs/configuration.md holds the tables that the schema gives; print them again with configReferenceMarkdown()', () => {
  const [, tables] = /<!-- keys: begin -->\n\n([^]*)\n<!-- keys: end -->/.exec(documentation) ?? [];
  expect(tables).toBe(configReferenceMarkdown());
});

test('every key of the schema has a description, and stands in the documentation', () => {
  const paths = jsonSchemaPaths(configJsonSchema(), '');
  expect(paths.length).toBeGreaterThan(80);
  expect(configReference().map((row) => row.path)).toEqual(paths);
  for (const row of configReference()) {
    expect(row.description, row.path).not.toBe('');
    expect(row.allowed, row.path).not.toBe('');
    expect(documentation).toContain(`\`${row.path}\``);
  }
});

test('every override is in the table of the documentation', () => {
  for (const override of OVERRIDES) {
    expect(documentation).toContain(
      `| \`${formatPath(override.path)}\` | \`${override.environment}\` | \`--`,
    );
  }
  expect(documentation).toContain(`\`${CONFIG_FILE_VARIABLE}\``);
});

/** The same paths, read from the JSON Schema: a second way to them, so that the first one cannot lose any. */
function jsonSchemaPaths(schema: unknown, path: string): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties, items, additionalProperties, anyOf } = schema as Record<string, unknown>;
  // An object, or a list of the same object: its keys are listed once.
  if (Array.isArray(anyOf) && anyOf.some(isObjectSchema))
    return jsonSchemaPaths(anyOf.find(isObjectSchema), path);
  const paths: string[] = [];
  for (const [key, child] of Object.entries(properties ?? {})) {
    const childPath = path === '' ? key : `${path}.${key}`;
    paths.push(childPath, ...jsonSchemaPaths(child, childPath));
  }
  return [
    ...paths,
    ...jsonSchemaPaths(items, `${path}[]`),
    ...jsonSchemaPaths(additionalProperties, `${path}.<name>`),
  ];
}

function isObjectSchema(schema: unknown): boolean {
  return typeof schema === 'object' && schema !== null && 'type' in schema && schema.type === 'object';
}
