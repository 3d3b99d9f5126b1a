import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../core/errors.ts';
import type { Operation, Parameter, Reply } from './operation.ts';
import { operations } from './operations.ts';
import { anthropicErrorBody, errorBody } from './schemas/common.ts';

type Json = Record<string, unknown>;

export type OpenApiOptions = { title: string; version: string; baseUrl: string };

/** Codes that any route with a key can give. */
const KEY_ERRORS: readonly ErrorCode[] = [
  'invalid_api_key',
  'conflicting_credentials',
  'permission_denied',
  'account_suspended',
  'rate_limit_exceeded',
];

/**
 * The API as an OpenAPI 3.1 document (specification of 2021-02-15). Its schemas are those of this folder, which the
 * code's own types check; its errors are the catalogue's.
 */
export function openApiDocument({ title, version, baseUrl }: OpenApiOptions): Json {
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const path = openApiPath(operation);
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: operationObject(operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title,
      version,
      description:
        'An inference gateway that speaks the dialects of OpenAI and Anthropic. Nothing of a prompt or an answer is kept.',
    },
    servers: [{ url: baseUrl }],
    paths,
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
      },
    },
  };
}

/** `/v1/requests/:id` becomes `/v1/requests/{id}`. */
export function openApiPath({ path, parameters = [] }: Operation): string {
  const name = parameters.find((parameter) => parameter.in === 'path')?.name ?? '';
  return path.replace(/:[^/]+|\*/, `{${name}}`);
}

/** The error codes of an operation, by status. */
export function errorsByStatus({ errors = [], scope }: Operation): Map<number, ErrorCode[]> {
  const codes = new Set<ErrorCode>([...(scope === undefined ? [] : KEY_ERRORS), ...errors, 'internal_error']);
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return new Map([...byStatus].toSorted(([a], [b]) => a - b));
}

function operationObject(operation: Operation): Json {
  const { id, tag, summary, description, scope, parameters = [], body, replies } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: scope === undefined ? [] : [{ bearer: [] }, { apiKey: [] }],
    ...(parameters.length === 0 ? {} : { parameters: parameters.map(parameterObject) }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(body.schema), example: body.example } },
          },
        }),
    responses: { 200: replyObject(replies), ...errorObjects(operation) },
  };
}

function parameterObject({ name, in: place, description, schema, required }: Parameter): Json {
  return { name, in: place, description, required: required ?? false, schema: schemaOf(schema) };
}

/** Replies of the same media type are alternatives. */
function replyObject(replies: readonly Reply[]): Json {
  const content: Record<string, Json> = {};
  for (const { mediaType } of replies) {
    const schemas = replies.flatMap((reply) =>
      reply.mediaType === mediaType && reply.schema !== undefined ? [schemaOf(reply.schema)] : [],
    );
    const [only] = schemas;
    content[mediaType] =
      only === undefined ? {} : { schema: schemas.length === 1 ? only : { anyOf: schemas } };
  }
  return { description: replies.map((reply) => reply.description).join(' '), content };
}

function errorObjects(operation: Operation): Json {
  const schema = schemaOf(operation.errorShape === 'anthropic' ? anthropicErrorBody : errorBody);
  return Object.fromEntries(
    [...errorsByStatus(operation)].map(([status, codes]) => [
      String(status),
      { description: codes.join(', '), content: { 'application/json': { schema } } },
    ]),
  );
}

const REFERENCE_HEAD = '#/components/schemas/';

/** A reference to a schema with an id, else the schema itself. */
function schemaOf(schema: z.ZodType): Json {
  const id = schema.meta()?.id;
  if (typeof id === 'string') return { $ref: `${REFERENCE_HEAD}${id}` };
  return withoutHead(z.toJSONSchema(schema, { io: 'input' }));
}

/** All schemas that have an id. Those of other parts of the program are not ours to publish. */
function componentSchemas(): Json {
  const found = new Map<string, z.ZodType>();
  const note = (schema: z.ZodType | undefined) => {
    const id = schema?.meta()?.id;
    if (schema !== undefined && typeof id === 'string') found.set(id, schema);
  };
  for (const { body, replies } of operations) {
    note(body?.schema);
    for (const reply of replies) note(reply.schema);
  }
  note(errorBody);
  note(anthropicErrorBody);
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of found) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: (id) => `${REFERENCE_HEAD}${id}` });
  const { __shared: shared, ...published } = flatReferences(schemas);
  const { $defs: parts } = sharedParts.parse(shared);
  return Object.fromEntries(
    Object.entries({ ...published, ...parts })
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, schema]) => [id, withoutHead(schema)]),
  );
}

const sharedParts = z.object({ $defs: z.record(z.string(), z.looseObject({})) });

/** Schemas with an id that only others use come in a heap of their own. Here they stand beside the others. */
function flatReferences(schemas: object): Record<string, object> {
  const text = JSON.stringify(schemas).replaceAll(`${REFERENCE_HEAD}__shared#/$defs/`, REFERENCE_HEAD);
  return z.record(z.string(), z.looseObject({})).parse(JSON.parse(text));
}

/** OpenAPI says once for the whole document which JSON Schema it uses, and names schemas by their place. */
function withoutHead(schema: object): Json {
  const { $schema: _schema, $id: _id, '~standard': _standard, ...rest } = { ...schema } as Json;
  return rest;
}
