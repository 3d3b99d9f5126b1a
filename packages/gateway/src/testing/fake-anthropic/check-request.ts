import type { IncomingHttpHeaders } from 'node:http';
import type { ApiError } from './api-error.ts';
import { apiError, invalid } from './api-error.ts';
import type { FakeMessage } from './check-messages.ts';
import { checkMessages, normalMessages } from './check-messages.ts';
import { checkModelRules } from './model-rules.ts';

export type FakeBody = Record<string, unknown> & { model: string; max_tokens: number; stream?: boolean };

const BODY_MAX_BYTES = 32 * 1024 * 1024;
const FIELDS = new Set(
  (
    'model messages max_tokens system tools tool_choice thinking output_config stop_sequences stream temperature ' +
    'top_p top_k metadata service_tier container context_management inference_geo speed diagnostics cache_control ' +
    'fallbacks mcp_servers'
  ).split(' '),
);
const TOOL_NAME = /^[a-zA-Z0-9_-]{1,128}$/;
/** What structured outputs do not know. */
const NO_KEYWORDS = ['minimum', 'maximum', 'minLength', 'maxLength', 'pattern', 'oneOf', 'uniqueItems'];

export type Checked = { body: FakeBody; turns: FakeMessage[] } | { error: ApiError };

/** Judges a request as the API does: headers, size, then every field that the gateway may send. */
export function checkRequest(headers: IncomingHttpHeaders, raw: Buffer): Checked {
  if (headers['x-api-key'] === undefined)
    return { error: apiError(401, 'authentication_error', 'x-api-key header is required') };
  if (headers['anthropic-version'] === undefined)
    return { error: invalid('anthropic-version: header is required') };
  if (raw.length > BODY_MAX_BYTES)
    return { error: apiError(413, 'request_too_large', 'Request exceeds the maximum size') };
  let body: unknown;
  try {
    body = JSON.parse(raw.toString());
  } catch {
    return { error: invalid('The request body is not valid JSON') };
  }
  if (typeof body !== 'object' || body === null) return { error: invalid('Input should be an object') };
  const fields = body as FakeBody;
  const error = checkFields(fields);
  if (error !== undefined) return { error };
  const turns = normalMessages(fields['messages']);
  if (!Array.isArray(turns)) return { error: turns };
  const refused = checkMessages(turns) ?? checkModelRules(fields.model, { ...fields, messages: turns });
  return refused === undefined ? { body: fields, turns } : { error: refused };
}

function checkFields(body: FakeBody): ApiError | undefined {
  const unknown = Object.keys(body).find((key) => !FIELDS.has(key));
  if (unknown !== undefined) return invalid(`${unknown}: Extra inputs are not permitted`);
  if (typeof body.model !== 'string') return invalid('model: Field required');
  if (!Number.isInteger(body.max_tokens) || body.max_tokens < 1) return invalid('max_tokens: Field required');
  return (
    checkSystem(body['system']) ?? checkStops(body['stop_sequences']) ?? checkTools(body) ?? checkFormat(body)
  );
}

function checkSystem(system: unknown): ApiError | undefined {
  if (system === undefined || typeof system === 'string') return undefined;
  const isBad = (system as { text: string }[]).some(({ text }) => text.trim() === '');
  return isBad ? invalid('system: text content blocks must contain non-whitespace text') : undefined;
}

function checkStops(stops: unknown): ApiError | undefined {
  if (stops === undefined || (stops as string[]).every((stop) => stop.trim() !== '')) return undefined;
  return invalid('stop_sequences: each stop sequence must contain non-whitespace');
}

function checkTools(body: FakeBody): ApiError | undefined {
  const tools = (body['tools'] ?? []) as Record<string, unknown>[];
  const names = tools.map((tool) => String(tool['name']));
  const bad = names.findIndex((name) => !TOOL_NAME.test(name));
  if (bad !== -1)
    return invalid(`tools.${bad}.custom.name: String should match pattern '${TOOL_NAME.source}'`);
  if (new Set(names).size !== names.length) return invalid('tools: Tool names must be unique.');
  const schemaless = tools.findIndex(
    (tool) =>
      tool['type'] === undefined && (tool['input_schema'] as Record<string, unknown>)?.['type'] !== 'object',
  );
  if (schemaless !== -1)
    return invalid(`tools.${schemaless}.custom.input_schema.type: Input should be 'object'`);
  const choice = body['tool_choice'] as Record<string, unknown> | undefined;
  if (choice === undefined) return undefined;
  if (tools.length === 0) return invalid('tool_choice may only be specified while providing tools');
  return choice['type'] === 'tool' && !names.includes(String(choice['name']))
    ? invalid(`Tool '${String(choice['name'])}' not found in provided tools`)
    : undefined;
}

function checkFormat(body: FakeBody): ApiError | undefined {
  const format = (body['output_config'] as Record<string, unknown> | undefined)?.['format'];
  return format === undefined ? undefined : checkSchema((format as { schema: unknown }).schema, 'schema');
}

function checkSchema(schema: unknown, path: string): ApiError | undefined {
  if (Array.isArray(schema)) return firstError(schema.map((entry, at) => [entry, `${path}.${at}`]));
  if (typeof schema !== 'object' || schema === null) return undefined;
  const fields = schema as Record<string, unknown>;
  const unknown = NO_KEYWORDS.find((keyword) => Object.hasOwn(fields, keyword));
  if (unknown !== undefined) return invalid(`output_config.format.${path}: '${unknown}' is not supported`);
  if (fields['type'] === 'object' && fields['additionalProperties'] !== false)
    return invalid(`output_config.format.${path}: 'additionalProperties' must be explicitly set to false`);
  const { properties } = fields;
  return (
    firstError(Object.entries(properties ?? {}).map(([name, entry]) => [entry, `${path}.${name}`])) ??
    firstError([
      [fields['items'], `${path}.items`],
      [fields['anyOf'], `${path}.anyOf`],
    ])
  );
}

function firstError(entries: readonly (readonly [schema: unknown, path: string])[]): ApiError | undefined {
  for (const [schema, path] of entries) {
    const error = checkSchema(schema, path);
    if (error !== undefined) return error;
  }
  return undefined;
}
