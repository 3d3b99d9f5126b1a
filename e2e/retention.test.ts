import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { IMAGE_CONFIG, upstreamConfig } from './support/configs.ts';
import { startDemoConnector, startGateway, startImageConnector, type Gateway } from './support/gateway.ts';
import { cleanUp, temporaryFolder, type Child } from './support/processes.ts';

/** Strings that occur nowhere else. Whatever writes a prompt, an answer, a header or a body leaves one behind. */
const MARKER = 'zq7marker';
const marks = (name: string) => `${MARKER}-${name}-${'x'.repeat(8)}`;

let demo: Gateway;
let resale: Gateway;
let connector: Child;
let imageConnector: Child;
const upstream = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString();
    if (body.includes('please-fail')) {
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: marks('upstream-error') } }));
    } else if (body.includes('please-break')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(
        `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: marks('half') } }] })}\n\n`,
        () => response.destroy(),
      );
    } else {
      response.writeHead(200, { 'content-type': 'application/json', 'x-upstream': marks('upstream-header') });
      response.end(
        JSON.stringify({
          id: marks('id'),
          object: 'chat.completion',
          created: 1,
          model: 'provider-model',
          choices: [
            { index: 0, message: { role: 'assistant', content: marks('answer') }, finish_reason: 'stop' },
          ],
          usage: { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 },
        }),
      );
    }
  });
});

beforeAll(async () => {
  demo = await startGateway({ config: IMAGE_CONFIG });
  connector = await startDemoConnector(demo, (await demo.node('demo')).token);
  imageConnector = await startImageConnector(demo, (await demo.node('demo')).token);
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const address = upstream.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  resale = await startGateway({ config: upstreamConfig(address.port), dataDir: temporaryFolder() });
});
afterAll(async () => {
  upstream.closeAllConnections();
  upstream.close();
  await cleanUp();
});

type Case = {
  name: string;
  path?: string;
  method?: string;
  body?: string;
  headers?: Record<string, string>;
  /** There is such a page. */
  isThere?: true;
};

/** The console before the sign-in, where anybody may write anything. */
function consoleCases(): Case[] {
  const account = `/api/console/accounts/${marks('account')}`;
  return [
    { name: 'session', path: `/api/console/session?${marks('q')}=1`, method: 'GET' },
    { name: 'account of nobody', path: `${account}/keys?${marks('q')}`, method: 'GET' },
    { name: 'key for nobody', path: `${account}/keys`, body: JSON.stringify({ name: marks('name') }) },
    {
      name: 'foreign page',
      path: `${account}/keys`,
      headers: { origin: `https://${marks('origin')}.example` },
    },
    {
      name: 'session cookie',
      path: `${account}/overview`,
      method: 'GET',
      headers: { cookie: marks('cookie') },
    },
    { name: 'operator page', path: `/api/console/operator/${marks('page')}`, method: 'GET' },
  ];
}

/** Every page and file for all, each asked with a query; those of links in mails get tokens in theirs. */
const PAGES = [
  '/',
  '/status',
  '/docs',
  '/docs/api',
  '/docs/guide/money',
  '/openapi.json',
  '/site.css',
  '/mark.svg',
  '/healthz',
  '/readyz',
  '/metrics',
  '/favicon.ico',
  '/app',
  '/app/keys',
  '/create',
  '/sign-in',
  '/sign-in/second-factor',
  '/sign-up',
  '/verify-email',
  '/confirm-email',
  '/reset-password',
  '/invitation',
  '/operator-setup',
  '/operator',
  '/operator/accounts',
];

function pageCases(): Case[] {
  const headers = {
    accept: 'text/html',
    'accept-language': marks('language'),
    referer: `https://${marks('referer')}.example/`,
    cookie: `lang=${marks('cookie')}; theme=${marks('theme')}`,
  };
  const read = (path: string): Case => ({ name: path, path, method: 'GET', headers });
  return [
    ...[
      ...PAGES.map((path) => `${path}?token=${marks('token')}&lang=${marks('lang')}&${marks('name')}=1`),
      `/docs/search?q=${marks('question')}`,
      `/docs/search?q=${'money '.repeat(100)}${marks('long')}`,
      `/sign-in?next=/${marks('next')}`,
      `/status?broken=%${marks('broken')}`,
    ].map((path): Case => ({ ...read(path), isThere: true })),
    ...['/docs/guide/', '/app/', '/operator/', '/sign-in/', '/assets/'].map((path) =>
      read(path + marks('path')),
    ),
    read(`/api/auth/verify-email?token=${marks('token')}&callbackURL=/${marks('callback')}`),
  ];
}

/** Every route, in success and in each kind of failure, with a marker wherever a client can put one. */
function casesFor(model: string): Case[] {
  const chat = (content: string, extra: object = {}) =>
    JSON.stringify({
      model,
      max_tokens: 8,
      messages: [{ role: 'user', content }],
      user: marks('user'),
      ...extra,
    });
  return [
    { name: 'answer', body: chat(marks('prompt')) },
    { name: 'stream', body: chat(marks('prompt'), { stream: true }) },
    { name: 'upstream error', body: chat(`please-fail ${marks('prompt')}`) },
    { name: 'broken stream', body: chat(`please-break ${marks('prompt')}`, { stream: true }) },
    { name: 'too long', body: chat(marks('prompt').repeat(400)) },
    {
      name: 'unknown model',
      body: JSON.stringify({ model: marks('model'), messages: [{ role: 'user', content: 'x' }] }),
    },
    { name: 'broken JSON', body: `{"model":"${model}","messages":[{"content":"${marks('json')}` },
    { name: 'wrong type', body: JSON.stringify({ model, messages: marks('type') }) },
    {
      name: 'remote picture',
      body: chat('', {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: `https://${marks('host')}/` } }] },
        ],
      }),
    },
    {
      name: 'tool',
      body: chat(marks('prompt'), {
        tools: [{ type: 'function', function: { name: 'f', description: marks('tool') } }],
      }),
    },
    { name: 'unknown field', body: chat(marks('prompt'), { [marks('field')]: marks('value') }) },
    { name: 'query', path: `/v1/chat/completions?q=${marks('query')}`, body: chat(marks('prompt')) },
    {
      name: 'header',
      body: chat('x'),
      headers: { 'x-request-id': marks('header'), 'user-agent': marks('agent') },
    },
    { name: 'wrong key', body: chat(marks('prompt')), headers: { authorization: `Bearer ${marks('key')}` } },
    ...consoleCases(),
    ...pageCases(),
    ...responsesCases(model),
    ...imageCases(),
    { name: 'model path', path: `/v1/models/${marks('path')}`, method: 'GET' },
    { name: 'unknown path', path: `/${marks('path')}`, body: marks('body') },
    { name: 'wrong method', path: '/v1/balance', body: JSON.stringify(marks('body')) },
    { name: 'balance', path: '/v1/balance', method: 'GET', headers: { 'x-note': marks('note') } },
    { name: 'receipt', path: `/v1/requests/${marks('id')}`, method: 'GET' },
    { name: 'receipts', path: `/v1/requests?model=${marks('model')}&limit=5`, method: 'GET' },
    { name: 'receipts, wrong filter', path: `/v1/requests?end=${marks('end')}`, method: 'GET' },
    { name: 'receipts, unknown filter', path: `/v1/requests?${marks('name')}=1`, method: 'GET' },
    {
      name: 'usage',
      path: '/v1/usage?group_by=day,model',
      method: 'GET',
      headers: { accept: marks('accept') },
    },
    { name: 'usage, wrong day', path: `/v1/usage?from=${marks('day')}`, method: 'GET' },
    {
      name: 'earnings',
      path: '/v1/earnings?by=day,node,model',
      method: 'GET',
      headers: { accept: marks('accept') },
    },
    { name: 'earnings, wrong groups', path: `/v1/earnings.csv?by=${marks('by')}`, method: 'GET' },
    { name: 'receipt keys', path: `/.well-known/switchyard-receipts?${marks('q')}`, method: 'GET' },
    { name: 'text body', body: marks('plain'), headers: { 'content-type': 'text/plain' } },
  ];
}

/** Pictures: made, told of step by step, blocked, and refused. */
function imageCases(): Case[] {
  const path = '/api/images/create';
  const body = (prompt: string, extra: object = {}) =>
    JSON.stringify({
      prompt,
      negative_prompt: marks('negative'),
      width: 512,
      height: 512,
      steps: 10,
      ...extra,
    });
  return [
    { name: 'picture', path, body: body(marks('prompt')) },
    { name: 'picture, events', path, body: body(marks('prompt')), headers: { accept: 'text/event-stream' } },
    { name: 'picture, blocked', path, body: body(`a naked child ${marks('prompt')}`) },
    { name: 'picture, wrong style', path, body: body(marks('prompt'), { style: marks('style') }) },
    {
      name: 'picture, wrong size',
      path: '/v1/images/generations',
      body: body(marks('prompt'), { size: marks('size'), user: marks('user') }),
    },
  ];
}

/** The dialect in which a reply tells the request's settings again. */
function responsesCases(model: string): Case[] {
  const path = '/v1/responses';
  const body = (input: unknown, extra: object = {}) =>
    JSON.stringify({
      model,
      input,
      max_output_tokens: 8,
      instructions: marks('instructions'),
      metadata: { [marks('name')]: marks('value') },
      user: marks('user'),
      prompt_cache_key: marks('cache'),
      ...extra,
    });
  const call = { call_id: marks('call'), name: marks('tool') };
  const items = [
    { role: 'user', content: [{ type: 'input_text', text: marks('prompt') }] },
    {
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: marks('summary') }],
      encrypted_content: marks('seal'),
    },
    { type: 'function_call', ...call, arguments: marks('arguments') },
    { type: 'function_call_output', call_id: call.call_id, output: marks('output') },
    { type: 'custom_tool_call', ...call, namespace: marks('space'), input: marks('input') },
  ];
  const tools = [
    { type: 'custom', name: 'patch', description: marks('custom') },
    { type: 'namespace', name: marks('space'), description: marks('space'), tools: [{ name: 'f' }] },
  ];
  return [
    { name: 'responses', path, body: body(marks('prompt')) },
    { name: 'responses, stream', path, body: body(items, { tools, stream: true }) },
    { name: 'responses, upstream error', path, body: body(`please-fail ${marks('prompt')}`) },
    {
      name: 'responses, broken stream',
      path,
      body: body(`please-break ${marks('prompt')}`, { stream: true }),
    },
    { name: 'responses, too long', path, body: body(marks('prompt').repeat(400)) },
    { name: 'responses, wrong item', path, body: body([{ type: marks('type'), text: marks('text') }]) },
    { name: 'responses, reference', path, body: body([{ type: 'item_reference', id: marks('id') }]) },
    { name: 'responses, earlier', path, body: body('x', { previous_response_id: marks('id') }) },
    {
      name: 'responses, Codex without credits',
      path,
      body: body(marks('prompt')),
      headers: { originator: `codex-${marks('name')}`, 'x-codex-turn-metadata': marks('metadata') },
    },
    { name: 'response that is kept elsewhere', path: `${path}/${marks('id')}`, method: 'GET' },
  ];
}

/** The same for Anthropic's dialect, where a client can put markers into more places. */
function messagesCasesFor(model: string): Case[] {
  const path = '/v1/messages';
  const body = (fields: object) =>
    JSON.stringify({
      model,
      max_tokens: 8,
      messages: [{ role: 'user', content: marks('prompt') }],
      metadata: { user_id: marks('user') },
      ...fields,
    });
  const history = [
    {
      role: 'user',
      content: [{ type: 'text', text: marks('prompt'), cache_control: { x: marks('cache') } }],
    },
    { role: 'system', content: marks('system') },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: marks('thought'), signature: marks('signature') },
        { type: 'redacted_thinking', data: marks('redacted') },
        { type: 'tool_use', id: marks('call'), name: marks('name'), input: { a: marks('input') } },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: marks('call'), content: marks('result'), is_error: true },
        { type: 'document', title: marks('title'), source: { type: 'text', data: marks('document') } },
      ],
    },
  ];
  const turn = (block: object) => body({ messages: [{ role: 'user', content: [block] }] });
  const everything = {
    system: [{ type: 'text', text: `x-anthropic-billing-header: ${marks('billing')}` }],
    messages: history,
    tools: [{ name: marks('tool'), description: marks('description'), input_schema: { x: marks('schema') } }],
    stop_sequences: [marks('stop')],
  };
  const headers = {
    'anthropic-version': '2023-06-01',
    'anthropic-beta': marks('beta'),
    'x-claude-code-session-id': marks('session'),
  };
  return [
    { name: 'answer', body: body({}) },
    { name: 'stream', body: body({ stream: true }), headers },
    { name: 'everything', body: body({ ...everything, max_tokens: 1 }), headers },
    { name: 'upstream error', body: body({ system: 'please-fail' }) },
    { name: 'broken stream', body: body({ system: 'please-break', stream: true }) },
    { name: 'quote', body: body({ ...everything, dry_run: true }) },
    { name: 'count', path: `${path}/count_tokens`, body: body(everything), headers },
    { name: 'count, refused', path: `${path}/count_tokens`, body: turn({ type: marks('type') }) },
    { name: 'unknown model', body: body({ model: marks('model') }) },
    { name: 'unknown block', body: turn({ type: marks('type'), text: marks('text') }) },
    { name: 'server block', body: turn({ type: 'container_upload', file_id: marks('file') }) },
    {
      name: 'remote picture',
      body: turn({ type: 'image', source: { type: 'url', url: `https://${marks('host')}/` } }),
    },
    { name: 'thread', body: body({ thread: { type: 'continue', previous_message_id: marks('thread') } }) },
    {
      name: 'forced tool',
      body: body({ tool_choice: { type: 'tool', name: marks('tool') }, tools: [{ name: 'f' }] }),
    },
    { name: 'unknown field', body: body({ [marks('field')]: marks('value') }) },
    { name: 'wrong key', body: body({}), headers: { authorization: '', 'x-api-key': marks('key') } },
    { name: 'models', path: `/v1/models?after_id=${marks('after')}`, method: 'GET', headers },
  ].map((one) => ({ path, ...one }));
}

async function ask(gateway: Gateway, key: string, one: Case): Promise<void> {
  const method = one.method ?? 'POST';
  const reply = await fetch(`http://127.0.0.1:${gateway.port}${one.path ?? '/v1/chat/completions'}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...one.headers },
    ...(method === 'GET' ? {} : { body: one.body ?? '' }),
  });
  await reply.text().catch(() => 'cut');
  if (one.isThere === true) expect([one.name, reply.status]).not.toEqual([one.name, 404]);
}

/** Every file below a folder that holds the marker. */
function filesWithMarker(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && readFileSync(path).includes(MARKER));
}

it('keeps nothing of prompts, answers, headers and bodies: not in a file, a log line or an error', async () => {
  const demoKey = (await demo.customer('10')).key;
  const resaleKey = (await resale.customer('10')).key;
  for (const one of [...casesFor('demo'), ...messagesCasesFor('demo')]) await ask(demo, demoKey, one);
  for (const one of [...casesFor('resold'), ...messagesCasesFor('resold')]) await ask(resale, resaleKey, one);
  const metrics = await Promise.all(
    [demo, resale].map(async (gateway) => (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text()),
  );
  // While it runs (write-ahead logs are there), and after a clean end.
  expect([...filesWithMarker(demo.dataDir), ...filesWithMarker(resale.dataDir)]).toEqual([]);
  await demo.child.stop();
  await resale.child.stop();
  await Promise.all([connector.stop(), imageConnector.stop()]);
  expect([...filesWithMarker(demo.dataDir), ...filesWithMarker(resale.dataDir)]).toEqual([]);
  const written = [
    demo.child.output(),
    resale.child.output(),
    connector.output(),
    imageConnector.output(),
    ...metrics,
  ].join('\n');
  expect(written).not.toContain(MARKER);
  expect(written).toContain('"event":"request"');
});
