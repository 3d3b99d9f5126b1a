import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { openApiPath } from '../packages/gateway/src/api-reference/document.ts';
import type { Operation } from '../packages/gateway/src/api-reference/operation.ts';
import { operations } from '../packages/gateway/src/api-reference/operations.ts';
import { errorBody, anthropicErrorBody } from '../packages/gateway/src/api-reference/schemas/common.ts';
import { IMAGE_CONFIG } from './support/configs.ts';
import { startDemoConnector, startGateway, startImageConnector, type Gateway } from './support/gateway.ts';
import { cleanUp } from './support/processes.ts';

/** The reference says what the gateway does: each operation is called as its example shows, and read by its schemas. */

let gateway: Gateway;
let key: string;
let requestId: string;

beforeAll(async () => {
  gateway = await startGateway({ config: IMAGE_CONFIG });
  await startDemoConnector(gateway, (await gateway.node('demo')).token);
  await startImageConnector(gateway, (await gateway.node('demo')).token);
  ({ key } = await gateway.customer('10'));
  const reply = await call(operationOf('createChatCompletion'));
  requestId = reply.headers.get('x-request-id') ?? '';
});
afterAll(cleanUp);

function operationOf(id: string): Operation {
  const found = operations.find((operation) => operation.id === id);
  if (found === undefined) throw new Error(`no operation ${id}`);
  return found;
}

type Change = { fields?: object; headers?: Record<string, string>; key?: string };

function call(operation: Operation, change: Change = {}): Promise<Response> {
  const path = openApiPath(operation).replace('{model}', 'demo').replace('{id}', requestId);
  return fetch(`http://127.0.0.1:${gateway.port}${path}`, {
    method: operation.method,
    headers: {
      ...(operation.scope === undefined ? {} : { authorization: `Bearer ${change.key ?? key}` }),
      ...(operation.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...change.headers,
    },
    ...(operation.body === undefined
      ? {}
      : { body: JSON.stringify({ ...operation.body.example, ...change.fields }) }),
  });
}

function schemaFor(operation: Operation, mediaType: string): z.ZodType | undefined {
  return operation.replies.find((reply) => reply.mediaType === mediaType)?.schema;
}

function expectFits(schema: z.ZodType | undefined, value: unknown): void {
  expect(schema?.safeParse(value).error?.issues ?? []).toEqual([]);
}

describe.each(operations)('$method $path', (operation) => {
  it('answers as its schema says', async () => {
    const reply = await call(operation);
    expect(reply.status).toBe(200);
    const mediaType = reply.headers.get('content-type')?.split(';')[0] ?? '';
    expect(operation.replies.map((one) => one.mediaType)).toContain(mediaType);
    if (mediaType === 'application/json') expectFits(schemaFor(operation, mediaType), await reply.json());
  });

  // Pictures have no field for it.
  const isImages = operation.tag === 'Images';
  const streams = operation.replies.some(({ mediaType }) => mediaType === 'text/event-stream');
  it.runIf(streams)('streams events as its schema says', async () => {
    const asked = isImages ? { headers: { accept: 'text/event-stream' } } : { fields: { stream: true } };
    const reply = await call(operation, asked);
    expect(reply.headers.get('content-type')).toContain('text/event-stream');
    const events = [...(await reply.text()).matchAll(/^data: (\{.*)$/gm)].map((match) => match[1] ?? '');
    expect(events.length).toBeGreaterThan(1);
    for (const event of events) expectFits(schemaFor(operation, 'text/event-stream'), JSON.parse(event));
  });

  it.runIf(streams)('quotes on a dry run', async () => {
    const reply = await call(operation, { headers: { 'x-dry-run': 'true' } });
    expect(await reply.json()).toMatchObject({ object: 'quote', model: isImages ? 'demo-image' : 'demo' });
  });

  it.runIf(operation.scope !== undefined)('refuses a wrong key in its own shape', async () => {
    const reply = await call(operation, { key: 'sk-switchyard-wrong' });
    expect(reply.status).toBe(401);
    expectFits(operation.errorShape === 'anthropic' ? anthropicErrorBody : errorBody, await reply.json());
  });
});

it('is served for programs and for people', async () => {
  const document = await fetch(`http://127.0.0.1:${gateway.port}/openapi.json`);
  expect(await document.json()).toMatchObject({
    openapi: '3.1.0',
    servers: [{ url: `http://localhost:${gateway.port}` }],
  });
  const page = await fetch(`http://127.0.0.1:${gateway.port}/docs/api`);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await page.text()).toContain('API reference');
});
