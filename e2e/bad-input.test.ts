import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_CONFIG } from './support/configs.ts';
import { startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp } from './support/processes.ts';

let gateway: Gateway;
let key: string;

beforeAll(async () => {
  gateway = await startGateway({ config: DEMO_CONFIG });
  ({ key } = await gateway.customer('1000'));
});
afterAll(async () => {
  expect(gateway.child.process.exitCode).toBe(null);
  const reply = await fetch(`${gateway.baseUrl}/balance`, { headers: { authorization: `Bearer ${key}` } });
  expect(await reply.json()).toMatchObject({ credits: 100_000, held: 0, total_spent: 0 });
  await cleanUp();
});

/** Sends raw bytes and reads until the server closes. */
function raw(bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(gateway.port, '127.0.0.1', () => socket.end(bytes));
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('close', () => resolve(text));
    socket.on('error', (error) => (text === '' ? reject(error) : resolve(text)));
  });
}

async function post(
  body: string | Buffer,
  route = 'chat/completions',
): Promise<{ status: number; body: unknown }> {
  const reply = await fetch(`${gateway.baseUrl}/${route}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
  return { status: reply.status, body: await reply.json() };
}

const errorShape = {
  error: {
    message: expect.any(String) as unknown,
    type: expect.any(String) as unknown,
    code: expect.any(String) as unknown,
  },
};

const chat = (value: object) => JSON.stringify({ model: 'elsewhere', ...value });
const user = [{ role: 'user', content: 'x' }];

it.each([
  ['an empty body', '', 400],
  ['half a body', '{"model":', 400],
  ['a number', '7', 400],
  ['null', 'null', 400],
  ['an array', '[]', 400],
  ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 400],
  ['deep nesting', `{"model":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 400],
  [
    'deep nesting in a tolerated field',
    chat({ messages: user, x: JSON.parse('['.repeat(500) + ']'.repeat(500)) }),
    400,
  ],
  ['no model', JSON.stringify({ messages: user }), 400],
  ['a model of a wrong type', JSON.stringify({ model: 7, messages: user }), 400],
  ['an inherited name', JSON.stringify({ model: '__proto__', messages: user }), 404],
  ['no messages', chat({}), 400],
  ['empty messages', chat({ messages: [] }), 400],
  ['a wrong role', chat({ messages: [{ role: 'king', content: 'x' }] }), 400],
  ['a null message', chat({ messages: [null] }), 400],
  ['a temperature of text', chat({ messages: user, temperature: 'hot' }), 400],
  ['a temperature beyond', chat({ messages: user, temperature: 3 }), 400],
  ['a negative cap', chat({ messages: user, max_tokens: -1 }), 400],
  ['a fraction as cap', chat({ messages: user, max_tokens: 1.5 }), 400],
  ['an enormous cap', chat({ messages: user, max_tokens: 1e300 }), 400],
  ['two choices', chat({ messages: user, n: 2 }), 400],
  ['stream of text', chat({ messages: user, stream: 'yes' }), 400],
  ['a tool result without a call', chat({ messages: [{ role: 'tool', content: 'x' }] }), 400],
  ['too many stop strings', chat({ messages: user, stop: Array.from({ length: 99 }, () => 'x') }), 400],
])('answers %s with a clear error', async (_name, body, status) => {
  const reply = await post(body);
  expect(reply.status).toBe(status);
  expect(reply.body).toMatchObject(errorShape);
});

const response = (value: object) => JSON.stringify({ model: 'elsewhere', ...value });

it.each([
  ['an empty body', '', 400],
  ['half a body', '{"model":', 400],
  ['an array', '[]', 400],
  ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 400],
  ['deep nesting', `{"model":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 400],
  ['an inherited name', JSON.stringify({ model: '__proto__', input: 'x' }), 404],
  ['no input', response({}), 400],
  ['an empty input', response({ input: [] }), 400],
  ['a null item', response({ input: [null] }), 400],
  ['an item that nobody knows', response({ input: [{ type: 'dream' }] }), 400],
  ['a wrong role', response({ input: [{ role: 'king', content: 'x' }] }), 400],
  ['a call without an id', response({ input: [{ type: 'function_call', name: 'f', arguments: '' }] }), 400],
  [
    'a remote picture',
    response({
      input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'http://127.0.0.1/' }] }],
    }),
    400,
  ],
  ['tools without a name', response({ input: 'x', tools: [{ type: 'function' }] }), 400],
  [
    'tools inside a namespace inside a namespace',
    response({
      input: 'x',
      tools: [{ type: 'namespace', name: 'a', tools: [{ type: 'namespace', tools: 5 }] }],
    }),
    503,
  ],
  [
    'a choice of a tool that is not there',
    response({ input: 'x', tools: [{ name: 'f' }], tool_choice: { type: 'function', name: 'g' } }),
    400,
  ],
  ['a temperature beyond', response({ input: 'x', temperature: 3 }), 400],
  ['something stored', response({ input: 'x', previous_response_id: 'resp_1' }), 400],
  ['a format of text', response({ input: 'x', text: { format: 'json' } }), 400],
])('answers %s in the responses dialect with a clear error', async (_name, body, status) => {
  const reply = await post(body, 'responses');
  expect(reply.status).toBe(status);
  expect(reply.body).toMatchObject(errorShape);
});

it('answers a body over the limit with 413', async () => {
  const head =
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n` +
    'content-type: application/json\r\ncontent-length: 999999999\r\n\r\n{';
  expect(await raw(head)).toMatch(/^HTTP\/1.1 413/);
});

it.each([
  ['no HTTP at all', 'hello\r\n\r\n', 400],
  ['a broken request line', 'GET /v1/models HTTP/9.9\r\nhost: x\r\n\r\n', 400],
  ['huge headers', `GET /v1/models HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`, 431],
  ['two lengths', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx', 400],
  [
    'length and chunks',
    'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  [
    'a bad chunk',
    'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    400,
  ],
  ['a bad escape in the path', 'GET /v1/models/%zz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 404],
  [
    'another upgrade',
    'GET /v1/models HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    426,
  ],
  [
    'an offer of HTTP/2 without a key',
    'GET /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close, upgrade\r\nupgrade: h2c\r\n\r\n',
    401,
  ],
])('answers %s', async (_name, bytes, status) => {
  expect(await raw(bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status}`));
});

it('answers two different credentials with 401, and the same one twice with 200', async () => {
  const get = (headers: Record<string, string>) => fetch(`${gateway.baseUrl}/balance`, { headers });
  expect((await get({ authorization: `Bearer ${key}`, 'x-api-key': key })).status).toBe(200);
  const reply = await get({ authorization: `Bearer ${key}`, 'x-api-key': `${key.slice(0, -1)}0` });
  expect(reply.status).toBe(401);
  expect(await reply.json()).toMatchObject({ error: { code: 'conflicting_credentials' } });
});

it('answers anything with an error or an answer, never with silence, a crash or a 500', async () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.constantFrom('elsewhere', 'user', '', 0, -1, 1e300, null),
  );
  const request = fc.record(
    {
      model: fc.oneof({ weight: 5, arbitrary: fc.constant('elsewhere') }, { weight: 1, arbitrary: value }),
      messages: fc.oneof(
        fc.array(
          fc.record(
            {
              role: fc.oneof(fc.constantFrom('system', 'user', 'assistant', 'tool', 'developer'), value),
              content: fc.oneof(fc.string(), value),
              tool_calls: value,
              tool_call_id: value,
            },
            { requiredKeys: [] },
          ),
          { maxLength: 4 },
        ),
        value,
      ),
      tools: value,
      tool_choice: value,
      temperature: value,
      max_tokens: value,
      stop: value,
      stream: value,
      stream_options: value,
      response_format: value,
      n: value,
    },
    { requiredKeys: [] },
  );
  const item = fc.record(
    {
      type: fc.oneof(
        fc.constantFrom('message', 'function_call', 'function_call_output', 'custom_tool_call', 'reasoning'),
        value,
      ),
      role: fc.oneof(fc.constantFrom('user', 'assistant', 'developer'), value),
      content: fc.oneof(fc.string(), value),
      call_id: fc.oneof(fc.string(), value),
      name: fc.oneof(fc.string(), value),
      arguments: value,
      output: value,
      summary: value,
      encrypted_content: value,
    },
    { requiredKeys: [] },
  );
  const responsesRequest = fc.record(
    {
      model: fc.constant('elsewhere'),
      input: fc.oneof(fc.array(item, { maxLength: 4 }), value),
      instructions: value,
      tools: fc.oneof(fc.array(value, { maxLength: 3 }), value),
      tool_choice: value,
      stream: value,
      text: value,
      reasoning: value,
      include: value,
      metadata: value,
    },
    { requiredKeys: ['model'] },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        bytes,
        request.map((object) => JSON.stringify(object)),
        responsesRequest.map((object) => JSON.stringify(object)),
      ),
      fc.constantFrom('chat/completions', 'responses'),
      async (body, route) => {
        const reply = await post(body, route);
        expect([400, 402, 404, 413, 422, 503]).toContain(reply.status);
        expect(reply.body).toMatchObject(errorShape);
      },
    ),
    { numRuns: 400 },
  );
});

/** Anthropic's dialect tells errors in another shape, on both of its routes. */
describe.each(['messages', 'messages/count_tokens'])('%s', (route) => {
  const body = (value: object) =>
    JSON.stringify({ model: 'elsewhere', max_tokens: 8, messages: user, ...value });
  const turn = (...content: unknown[]) => body({ messages: [{ role: 'user', content }] });
  const shape = { type: 'error', ...errorShape, request_id: expect.any(String) as unknown };
  const manyTools = Array.from({ length: 257 }, (_, index) => ({ name: `t${index}` }));

  it.each([
    ['an empty body', '', 400],
    ['half a body', '{"model":', 400],
    ['an array', '[]', 400],
    ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 400],
    ['deep nesting', `{"model":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 400],
    ['an inherited name', body({ model: 'constructor' }), 404],
    ['no messages', body({ messages: [] }), 400],
    ['a wrong role', body({ messages: [{ role: 'tool', content: 'x' }] }), 400],
    ['a block of no type', turn({ text: 'x' }), 400],
    ['a block of the provider', turn({ type: 'server_tool_use' }), 400],
    ['a picture elsewhere', turn({ type: 'image', source: { type: 'url', url: 'http://127.0.0.1/' } }), 400],
    [
      'a picture of no bytes',
      turn({ type: 'image', source: { type: 'base64', media_type: 'image/png' } }),
      400,
    ],
    ['a result without its call', turn({ type: 'tool_result' }), 400],
    ['too many tools', body({ tools: manyTools }), 400],
    ['a choice of no tool', body({ tools: [{ name: 'f' }], tool_choice: { type: 'tool', name: 'g' } }), 400],
    ['a conversation kept elsewhere', body({ thread: { type: 'create' } }), 400],
    ['a negative cap', body({ max_tokens: -1 }), 400],
    ['an enormous cap', body({ max_tokens: 1e300 }), 400],
  ])('answers %s with a clear error', async (_name, bytes, status) => {
    const reply = await post(bytes, route);
    expect(reply.status).toBe(status);
    expect(reply.body).toMatchObject(shape);
  });

  it('answers anything with an error or a count, never with silence, a crash or a 500', async () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom('elsewhere', 'user', '', -1, 1e300),
    );
    const block = fc.record(
      {
        type: fc.constantFrom('text', 'image', 'document', 'tool_use', 'tool_result', 'thinking', 'new'),
        text: value,
        source: value,
        content: value,
        id: value,
        name: value,
        input: value,
        tool_use_id: value,
        thinking: value,
        signature: value,
      },
      { requiredKeys: ['type'] },
    );
    const message = fc.record({
      role: fc.constantFrom('user', 'assistant', 'system'),
      content: fc.oneof(fc.array(block, { maxLength: 3 }), value),
    });
    const request = fc.record(
      {
        model: fc.constant('elsewhere'),
        max_tokens: fc.oneof(fc.constant(8), value),
        messages: fc.oneof(fc.array(message, { maxLength: 3 }), value),
        system: value,
        tools: value,
        tool_choice: value,
        thinking: value,
        output_config: value,
        stop_sequences: value,
        stream: value,
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(request, async (fields) => {
        const reply = await post(JSON.stringify(fields), route);
        expect([200, 400, 402, 404, 413, 503]).toContain(reply.status);
        if (reply.status === 200) expect(reply.body).toEqual({ input_tokens: expect.any(Number) as unknown });
        else expect(reply.body).toMatchObject(shape);
      }),
      { numRuns: 200 },
    );
  });
});
