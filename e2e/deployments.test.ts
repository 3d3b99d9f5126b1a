import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEngineConnector } from './support/engine-connector.ts';
import { startDemoConnector, startGateway, type Gateway } from './support/gateway.ts';
import { startHeldEngine, type HeldEngine } from './support/held-engine.ts';
import { cleanUp, type Child } from './support/processes.ts';

/** Two accounts with deployments of one name, each with a private node of its own, and a third account with nothing. */

const CONFIG = `
brand: { name: Test, key_prefix: test }
accounts: { welcome_usd: 0 }
limits: { requests_per_minute: 100000, queue_wait_seconds: 1 }
pools:
  demo: {}
models:
  - id: demo
    context_tokens: 1024
    max_output_tokens: 400
    price: { credits: 8 }
    routes: [{ pool: demo, model: mote-chat }]
`;

type Json = Record<string, unknown>;
type Person = { accountId: string; key: string; nodeId: string; token: string };

let gateway: Gateway;
let engine: HeldEngine;
let alice: Person;
let bob: Person;
let carol: Person;
let slowToken: string;
const connectors = new Map<Person, Child>();

async function person(to: Gateway): Promise<Person> {
  const { accountId, key } = await to.customer('0');
  const node = await privateNode(to, accountId);
  return { accountId, key, ...node };
}

async function privateNode(to: Gateway, accountId: string) {
  const made = (await to.cli('node', 'add', 'own', '--private', '--account', accountId)) as {
    node: { id: string };
    token: string;
  };
  return { nodeId: made.node.id, token: made.token };
}

const deploy = (to: Gateway, { accountId }: Person, ...words: string[]) =>
  to.cli('deployment', 'add', ...words, '--account', accountId);

async function newKey({ accountId }: Person, ...words: string[]): Promise<string> {
  const made = (await gateway.cli('key', 'create', accountId, '--name', 'bound', ...words)) as {
    secret: string;
  };
  return made.secret;
}

beforeAll(async () => {
  engine = await startHeldEngine();
  gateway = await startGateway({ config: CONFIG });
  alice = await person(gateway);
  bob = await person(gateway);
  carol = await person(gateway);
  slowToken = (await privateNode(gateway, alice.accountId)).token;
  await deploy(gateway, alice, 'home', '--model', 'mote-chat');
  await deploy(gateway, alice, 'lab', '--model', 'mote-chat', '--node', alice.nodeId);
  await deploy(gateway, alice, 'slow');
  await deploy(gateway, bob, 'home', '--model', 'mote-chat');
  await deploy(gateway, bob, 'attic', '--model', 'mote-chat');
});
afterAll(async () => {
  await engine.close();
  await cleanUp();
});

const BODIES: Record<string, (model: string) => Json> = {
  '/chat/completions': (model) => ({
    model,
    max_tokens: 16,
    messages: [{ role: 'user', content: 'Hello!' }],
  }),
  '/messages': (model) => ({ model, max_tokens: 16, messages: [{ role: 'user', content: 'Hello!' }] }),
  '/responses': (model) => ({ model, max_output_tokens: 16, input: 'Hello!' }),
};

const ask = (key: string, model: string, path?: string, extra?: Json) =>
  askAt(gateway, { key, model, path, extra });

type Question = { key: string; model: string; path?: string | undefined; extra?: Json | undefined };

async function askAt(to: Gateway, { key, model, path = '/chat/completions', extra = {} }: Question) {
  const reply = await fetch(`${to.baseUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...BODIES[path]?.(model), ...extra }),
  });
  const text = await reply.text();
  const code = /"code":"(\w+)"/.exec(text)?.[1];
  return {
    status: reply.status,
    outcome: reply.ok ? 'ok' : `${reply.status} ${code ?? ''}`,
    text,
    id: reply.headers.get('x-request-id') ?? '',
    retryAfter: Number(reply.headers.get('retry-after') ?? 0),
  };
}

async function get(key: string, path: string, from: Gateway = gateway): Promise<Json> {
  const reply = await fetch(`${from.baseUrl}${path}`, { headers: { authorization: `Bearer ${key}` } });
  return (await reply.json()) as Json;
}

/** A connector is online a moment before the gateway has read what it offers. */
async function untilAvailable(key: string, model: string, at?: Gateway): Promise<void> {
  while ((await models(key, at))[model]?.['available'] !== true) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function models(key: string, from?: Gateway): Promise<Record<string, Json>> {
  const { data } = (await get(key, '/models', from)) as { data: (Json & { id: string })[] };
  return Object.fromEntries(data.map((model) => [model.id, model]));
}

/** Which node answered, as the operator sees it. */
async function nodeOf({ accountId }: Person, requestId: string): Promise<string> {
  const list = (await gateway.cli('receipt', 'list', accountId)) as { receipts: Json[] };
  const receipt = list.receipts.find((one) => one['requestId'] === requestId);
  return String(receipt?.['nodeId']);
}

const PATHS = Object.keys(BODIES);

describe('before a connector is there', () => {
  it('a deployment is listed as not available, without what nobody knows of it', async () => {
    const { home } = await models(alice.key);
    expect(home).toMatchObject({
      id: 'home',
      available: false,
      owned_by: alice.accountId,
      deployment: expect.stringMatching(/^dep_/),
      pricing: { type: 'per_message', credits: 0, usd: 0 },
      kind: 'text',
    });
    expect(home).not.toHaveProperty('context_length');
  });

  it.each(PATHS)('%s says that it is offline, and when to try again', async (path) => {
    const reply = await ask(alice.key, 'home', path);
    expect(reply.outcome).toBe('503 connector_offline');
    expect(reply.retryAfter).toBeGreaterThan(0);
    expect(await get(alice.key, `/requests/${reply.id}`)).toMatchObject({
      model: 'home',
      end: 'failed',
      error: 'connector_offline',
      charged: { micros: 0 },
    });
  });

  it('its price cannot be quoted', async () => {
    expect((await ask(alice.key, 'home', '/chat/completions', { dry_run: true })).outcome).toBe(
      '503 connector_offline',
    );
  });
});

describe('with a connector for each account', () => {
  beforeAll(async () => {
    for (const one of [alice, bob])
      connectors.set(one, await startDemoConnector(gateway, one.token, { alias: 'mote-chat', slots: 2 }));
    for (const one of [alice, bob]) await untilAvailable(one.key, 'home');
  });

  it.each(PATHS)('%s answers from the account’s own node', async (path) => {
    for (const one of [alice, bob]) {
      const reply = await ask(one.key, 'home', path);
      expect(reply.outcome).toBe('ok');
      expect(await nodeOf(one, reply.id)).toBe(one.nodeId);
      expect(reply.text).not.toContain(one.nodeId);
    }
  });

  it('streams', async () => {
    const reply = await ask(bob.key, 'attic', '/chat/completions', { stream: true });
    expect(reply.text.trimEnd()).toMatch(/data: \[DONE\]$/);
    expect(await nodeOf(bob, reply.id)).toBe(bob.nodeId);
  });

  it('is free, and leaves receipts and usage', async () => {
    const { id, text } = await ask(alice.key, 'lab');
    expect((JSON.parse(text) as { usage: Json }).usage).toMatchObject({ cost: 0, request_id: id });
    expect(await get(alice.key, `/requests/${id}`)).toMatchObject({
      model: 'lab',
      route: { kind: 'deployment' },
      usage_source: 'reported',
      held: { micros: 0 },
      charged: { micros: 0 },
      price: { type: 'per_request', amount_micros: 0 },
    });
    const { data } = (await get(alice.key, '/usage?group_by=model')) as { data: Json[] };
    expect(data).toContainEqual(expect.objectContaining({ model: 'lab', requests: 1 }));
  });

  it('lists it as available, with what the node says', async () => {
    expect((await models(alice.key))['home']).toMatchObject({
      available: true,
      context_length: 1024,
      capabilities: { tools: true, vision: false },
    });
    const quote = await ask(alice.key, 'home', '/chat/completions', { dry_run: true });
    expect(JSON.parse(quote.text)).toMatchObject({ object: 'quote', model: 'home', max_cost: 0 });
  });

  it('refuses by name what the node cannot do', async () => {
    const png = 'data:image/png;base64,iVBORw0KGgo=';
    const content = [{ type: 'image_url', image_url: { url: png } }];
    const reply = await ask(alice.key, 'home', '/chat/completions', {
      messages: [{ role: 'user', content }],
    });
    expect(reply.outcome).toBe('400 unsupported_parameter');
  });

  it('shows every name to whom it belongs and to nobody else', async () => {
    const onlyLab = await newKey(alice, '--deployments', 'lab');
    const onlyDemo = await newKey(alice, '--models', 'demo');
    const both = await newKey(alice, '--models', 'demo', '--deployments', 'home,lab');
    const matrix: [string, Record<string, string>][] = [
      [alice.key, { home: 'ok', lab: 'ok', attic: '404 model_not_found' }],
      [onlyLab, { home: '403 model_not_allowed', lab: 'ok', attic: '404 model_not_found' }],
      [
        onlyDemo,
        { home: '403 model_not_allowed', lab: '403 model_not_allowed', attic: '404 model_not_found' },
      ],
      [both, { home: 'ok', lab: 'ok', slow: '403 model_not_allowed', attic: '404 model_not_found' }],
      [bob.key, { home: 'ok', lab: '404 model_not_found', slow: '404 model_not_found', attic: 'ok' }],
      [carol.key, { home: '404 model_not_found', lab: '404 model_not_found', attic: '404 model_not_found' }],
    ];
    for (const [key, expected] of matrix) {
      for (const path of PATHS) {
        const got: Record<string, string> = {};
        for (const name of Object.keys(expected)) got[name] = (await ask(key, name, path)).outcome;
        expect(got, path).toEqual(expected);
      }
      const listed = await models(key);
      for (const [name, outcome] of Object.entries(expected)) {
        expect(name in listed, name).toBe(outcome === 'ok');
        const one = await fetch(`${gateway.baseUrl}/models/${name}`, { headers: { 'x-api-key': key } });
        expect(one.status, name).toBe(outcome === 'ok' ? 200 : Number(outcome.slice(0, 3)));
      }
    }
    const ids = Object.keys(await models(carol.key));
    expect(ids).toEqual(['demo']);
  });

  it('leaves no trace of one account with another, nor in public places', async () => {
    const { deployments } = (await gateway.cli('deployment', 'list')) as { deployments: { id: string }[] };
    const secrets = [...deployments.map(({ id }) => id), alice.nodeId, bob.nodeId, slowToken];
    const seen = [
      JSON.stringify(await get(carol.key, '/models')),
      JSON.stringify(await get(carol.key, '/requests')),
      JSON.stringify(await get(carol.key, '/usage?group_by=model')),
      (await ask(carol.key, 'home')).text,
    ];
    for (const path of ['/', '/docs/api', '/openapi.json', '/readyz', '/metrics'])
      seen.push(await (await fetch(`http://127.0.0.1:${gateway.port}${path}`)).text());
    const text = seen.join('\n');
    for (const secret of [...secrets, 'attic']) expect(text).not.toContain(secret);
    expect(text).toContain('model="(deployment)"');
    const { home } = await models(bob.key);
    expect(JSON.stringify(home)).not.toContain(alice.accountId);
  });

  it('never lets a private node serve the catalogue, nor a shared one a deployment', async () => {
    expect((await ask(alice.key, 'demo')).outcome).toBe('402 insufficient_credits');
    await gateway.cli('credit', 'add', alice.accountId, '--usd', '1', '--reason', 'test');
    expect((await ask(alice.key, 'demo')).outcome).toBe('503 server_is_overloaded');
    const shared = (await gateway.cli(
      'node',
      'add',
      'gpu',
      '--pool',
      'demo',
      '--account',
      carol.accountId,
    )) as {
      token: string;
    };
    const connector = await startDemoConnector(gateway, shared.token);
    await deploy(gateway, carol, 'mine', '--model', 'mote-chat');
    expect((await ask(carol.key, 'mine')).outcome).toBe('503 connector_offline');
    expect((await ask(alice.key, 'demo')).outcome).toBe('ok');
    await connector.stop();
  });

  it('holds the limits of keys', async () => {
    const key = await newKey(alice, '--rpm', '1');
    expect((await ask(key, 'home')).outcome).toBe('ok');
    expect((await ask(key, 'home')).outcome).toBe('429 rate_limit_exceeded');
  });
});

describe('with all slots busy', () => {
  let held: { asked: Promise<unknown> };
  beforeAll(async () => {
    await startEngineConnector(gateway, slowToken, { baseUrl: engine.baseUrl, model: 'slow', slots: 1 });
    await untilAvailable(alice.key, 'slow');
    held = await heldAsk();
  });

  /** Asks, and resolves with the answer to be when the engine holds it. */
  async function heldAsk(): Promise<{ asked: Promise<unknown> }> {
    const asked = ask(alice.key, 'slow');
    let ended: string | undefined;
    void asked.then(({ outcome }) => (ended = outcome));
    while (engine.held() === 0) {
      if (ended !== undefined) throw new Error(`the engine holds nothing: ${ended}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return { asked };
  }

  it('waits in the queue, then says so', async () => {
    const reply = await ask(alice.key, 'slow');
    expect(reply.outcome).toBe('503 connector_busy');
    expect(reply.retryAfter).toBeGreaterThan(0);
  });

  it('tells the expected wait, and lets others alone', async () => {
    const { slow, home } = await models(alice.key);
    expect(slow).toMatchObject({ available: true, expected_wait_seconds: expect.any(Number) });
    expect(home).not.toHaveProperty('expected_wait_seconds');
    expect((await ask(alice.key, 'home')).outcome).toBe('ok');
    expect((await ask(bob.key, 'home')).outcome).toBe('ok');
    expect(await gateway.cli('deployment', 'show', 'slow')).toMatchObject({
      state: 'busy',
      live: { freeSlots: 0 },
    });
  });

  it('serves who waits when a slot is free', async () => {
    const waiting = ask(alice.key, 'slow');
    engine.letGo();
    await held.asked;
    while (engine.held() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    engine.letGo();
    expect((await waiting).outcome).toBe('ok');
    expect((await models(alice.key))['slow']).not.toHaveProperty('expected_wait_seconds');
  });
});

it('is gone with its connector, and with its name', async () => {
  await connectors.get(alice)?.stop();
  expect((await ask(alice.key, 'home')).outcome).toBe('503 connector_offline');
  expect((await models(alice.key))['home']).toMatchObject({ available: false, context_length: 1024 });
  expect((await ask(bob.key, 'home')).outcome).toBe('ok');
  await gateway.cli('deployment', 'remove', 'home', '--account', bob.accountId);
  expect((await ask(bob.key, 'home')).outcome).toBe('404 model_not_found');
  expect(Object.keys(await models(bob.key))).toEqual(['demo', 'attic']);
});

describe('for a fee', () => {
  it.each([
    ['flat', '{ credits: 0.5 }', 5_000, 'flat-complete'],
    ['per token', '{ per_million_usd: { input: 100, output: 100 } }', undefined, 'own-node-counted'],
  ])('%s it is charged to the account, and refused without credit', async (_kind, price, micros, policy) => {
    const paid = await startGateway({ config: `${CONFIG}deployments: { price: ${price} }\n` });
    const dora = await person(paid);
    await deploy(paid, dora, 'home', '--model', 'mote-chat');
    const connector = await startDemoConnector(paid, dora.token);
    await untilAvailable(dora.key, 'home', paid);
    expect((await askAt(paid, { key: dora.key, model: 'home' })).outcome).toBe('402 insufficient_credits');
    await paid.cli('credit', 'add', dora.accountId, '--usd', '1', '--reason', 'test');
    const { id, outcome } = await askAt(paid, { key: dora.key, model: 'home' });
    expect(outcome).toBe('ok');
    const reply = await fetch(`${paid.baseUrl}/requests/${id}`, { headers: { 'x-api-key': dora.key } });
    const receipt = (await reply.json()) as { policy: string; charged: { micros: number } };
    expect(receipt.policy).toBe(policy);
    expect(receipt.charged.micros).toBeGreaterThan(0);
    if (micros !== undefined) expect(receipt.charged.micros).toBe(micros);
    await connector.stop();
    await paid.child.stop();
  });
});
