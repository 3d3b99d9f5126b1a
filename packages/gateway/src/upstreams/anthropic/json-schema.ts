import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject } from '../../core/json-body.ts';

/** Keywords that are taken over as they stand. */
const KEPT = new Set(['$ref', 'type', 'enum', 'const', 'required', 'title', 'default']);
/** Keywords that hold schemas by name. */
const NAMED = new Set(['properties', '$defs', 'definitions']);
/** Keywords that hold a list of schemas. `oneOf` is written as `anyOf`, the nearest that is known. */
const LISTS: ReadonlyMap<string, string> = new Map([
  ['anyOf', 'anyOf'],
  ['oneOf', 'anyOf'],
  ['allOf', 'allOf'],
]);
const FORMATS = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
]);
/** Say nothing about the value. */
const SILENT = new Set(['$schema', '$id', '$comment', 'description', 'additionalProperties']);

/**
 * A JSON schema with nothing in it that the API refuses: it knows a part of the keywords, and wants every object
 * closed. What it does not know is told to the model in the description, so it is a wish there and no longer a bound.
 * Source: "JSON Schema limitations" of the structured outputs page, read 2026-11-21.
 */
export function supportedSchema(schema: JsonObject): JsonObject {
  const kept: [string, unknown][] = [];
  const wishes: string[] = [];
  for (const [keyword, value] of Object.entries(schema)) {
    const list = LISTS.get(keyword);
    if (KEPT.has(keyword)) kept.push([keyword, value]);
    else if (NAMED.has(keyword) && isJsonObject(value)) kept.push([keyword, eachNamed(value)]);
    else if (list !== undefined && Array.isArray(value)) kept.push([list, value.map(supported)]);
    else if (keyword === 'items' && isJsonObject(value)) kept.push([keyword, supportedSchema(value)]);
    else if (isKnownBound(keyword, value)) kept.push([keyword, value]);
    else if (!SILENT.has(keyword)) wishes.push(`${keyword}: ${JSON.stringify(value)}`);
  }
  if (isObjectSchema(schema)) {
    kept.push(['type', schema['type'] ?? 'object'], ['additionalProperties', false]);
    const open = schema['additionalProperties'];
    if (open !== undefined && open !== false) wishes.push(`additionalProperties: ${JSON.stringify(open)}`);
  }
  const description = describe(schema['description'], wishes);
  if (description !== undefined) kept.push(['description', description]);
  return Object.fromEntries(kept);
}

function supported(value: unknown): unknown {
  return isJsonObject(value) ? supportedSchema(value) : value;
}

function eachNamed(schemas: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, supported(schema)]));
}

function isKnownBound(keyword: string, value: unknown): boolean {
  if (keyword === 'format') return typeof value === 'string' && FORMATS.has(value);
  return keyword === 'minItems' && (value === 0 || value === 1);
}

function isObjectSchema(schema: JsonObject): boolean {
  const { type } = schema;
  if (type === 'object' || (Array.isArray(type) && type.includes('object'))) return true;
  return type === undefined && isJsonObject(schema['properties']);
}

function describe(given: unknown, wishes: readonly string[]): string | undefined {
  const parts = [...(typeof given === 'string' ? [given] : []), ...wishes];
  return parts.length === 0 ? undefined : parts.join('\n');
}
