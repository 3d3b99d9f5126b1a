import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { attemptRequest, listen } from '../testing-upstream.ts';
import { ask, BODY, sendJson, serve, WHOLE } from './testing-serve.ts';

const refused = (response: ServerResponse, param: string): void =>
  sendJson(
    response,
    { error: { message: `Unsupported value: '${param}'`, param, code: 'unsupported_value' } },
    400,
  );

/** A model that takes neither of these. */
const PICKY = ['temperature', 'top_p'];

async function servePicky() {
  const served = await serve((response) => {
    const body = served.fake.bodies.at(-1) ?? {};
    const param = PICKY.find((name) => name in body);
    if (param === undefined) sendJson(response, WHOLE);
    else refused(response, param);
  });
  return served;
}

test('a request is sent again without what the model refuses, and later ones begin so', async () => {
  const { fake, upstream } = await servePicky();
  const body = { ...BODY, temperature: 0.2, top_p: 0.9, seed: 1 };
  const heard = await ask(upstream, false, body);
  expect(heard.fault).toBeUndefined();
  expect(heard.parts[0]).toEqual({ type: 'text-delta', text: 'Hello' });
  expect(fake.bodies).toHaveLength(3);
  expect(fake.bodies[2]).not.toHaveProperty('temperature');
  expect(fake.bodies[2]).toMatchObject({ seed: 1 });
  expect((await ask(upstream, false, body)).fault).toBeUndefined();
  expect(fake.bodies).toHaveLength(4);
});

test('a translated request is adapted alike', async () => {
  const { fake, upstream } = await servePicky();
  const request = attemptRequest(false);
  const heard = listen();
  upstream.start(
    { ...request, chat: { ...request.chat, sampling: { temperature: 1, topP: 1 } } },
    heard.sink,
  );
  await heard.ended;
  expect(heard.fault).toBeUndefined();
  expect(fake.bodies).toHaveLength(3);
});

test('an effort goes down to one that the model has', async () => {
  const { fake, upstream } = await serve((response) => {
    if (fake.bodies.at(-1)?.['reasoning_effort'] === 'high') sendJson(response, WHOLE);
    else refused(response, 'reasoning_effort');
  });
  const request = attemptRequest(false, { ...BODY, reasoning_effort: 'xhigh' });
  const heard = listen();
  upstream.start({ ...request, chat: { ...request.chat, reasoningEffort: 'max' } }, heard.sink);
  await heard.ended;
  expect(heard.fault).toBeUndefined();
  expect(fake.bodies.map((body) => body['reasoning_effort'])).toEqual(['xhigh', 'xhigh', 'high']);
});

test('a target that refuses without end is not asked without end', async () => {
  const { fake, upstream } = await serve((response) => refused(response, 'temperature'));
  const heard = await ask(upstream, false, { ...BODY, temperature: 1 });
  expect(heard.fault).toMatchObject({ code: 'unsupported_parameter', blame: 'request' });
  expect(fake.bodies).toHaveLength(2);
});

test('a setting that is none of these is refused at once', async () => {
  const { fake, upstream } = await serve((response) => refused(response, 'reasoning.effort'));
  expect((await ask(upstream, false)).fault).toMatchObject({ code: 'unsupported_parameter' });
  expect(fake.bodies).toHaveLength(1);
});

test.each([
  [true, { status: 400 }],
  [undefined, undefined],
])("the provider's words about a request go on where that is wanted: %s", async (relayErrors, relay) => {
  const { upstream } = await serve(
    (response) => sendJson(response, { error: { message: 'Invalid schema', code: null } }, 400),
    relayErrors === undefined ? {} : { relayErrors },
  );
  const heard = await ask(upstream, false);
  if (relay === undefined) expect(heard.fault?.relay).toBeUndefined();
  else expect(heard.fault?.relay).toMatchObject(relay);
});
