import { afterAll, beforeAll, expect, it } from 'vitest';
import { startGateway, startImageConnector, type Gateway } from './support/gateway.ts';
import { cleanUp, type Child } from './support/processes.ts';

/** Nodes that are killed (`kill -9`) in the middle of a picture. */
let gateway: Gateway;
let key: string;

beforeAll(async () => {
  gateway = await startGateway({
    config: `
pools: { demo: {} }
models:
  - id: demo-image
    kind: image
    safe_output: true
    price: { credits: 18 }
    routes: [{ pool: demo, model: demo-image@1 }]
`,
  });
  ({ key } = await gateway.customer('100'));
});
afterAll(cleanUp);

/** Long enough for a node to join in the middle. */
const REQUEST = { prompt: 'a lighthouse', width: 1_536, height: 1_536, steps: 60, seed: 11 };

type Progress = { step: number; image?: string; seed?: number; error?: { code: string } };

/** The events of one picture, each handed to `onEvent` as it comes. Resolves when the connection has ended. */
async function watch(onEvent: (name: string, data: Progress) => void): Promise<void> {
  const reply = await fetch(new URL('/api/images/create', gateway.baseUrl), {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      accept: 'text/event-stream',
    },
    body: JSON.stringify(REQUEST),
  });
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of reply.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const whole = text.split('\n\n');
      text = whole.pop() ?? '';
      for (const event of whole) {
        const [, name = '', data = ''] = /^event: (\w+)\ndata: ([^]*)$/.exec(event) ?? [];
        if (name !== '') onEvent(name, JSON.parse(data) as Progress);
      }
    }
  } catch {
    // The connection was cut, which is how a failure after the first event ends.
  }
}

/** Asks for a picture, and kills nodes as `kill` says, which hears of every first step of a node. */
async function pictureWith(kill: (start: number) => void): Promise<{ end: Progress | undefined }> {
  let end: Progress | undefined;
  let starts = 0;
  await watch((name, data) => {
    if (name === 'rendering' && data.step === 1) kill((starts += 1));
    if (name === 'done' || name === 'error') end = data;
  });
  return { end };
}

async function balance(): Promise<{ credits: number; held: number }> {
  const reply = await fetch(`${gateway.baseUrl}/balance`, { headers: { authorization: `Bearer ${key}` } });
  return (await reply.json()) as { credits: number; held: number };
}

const join = async (): Promise<Child> => startImageConnector(gateway, (await gateway.node('demo')).token);

/** A picture in whose middle a second node joins and the first one is killed. `then` is called when the second has begun. */
async function pictureOverTwoNodes(then: (second: Child) => void): Promise<Progress | undefined> {
  const first = await join();
  let second: Child | undefined;
  const { end } = await pictureWith((start) => {
    if (start === 1) {
      void join().then((child) => {
        second = child;
        first.process.kill('SIGKILL');
      });
    } else if (second !== undefined) then(second);
  });
  expect(second).toBeDefined();
  await second?.stop('SIGKILL');
  return end;
}

it('a picture whose node is killed comes from another one, the same to the last byte, for one price', async () => {
  const before = await balance();
  const only = await join();
  const { end: undisturbed } = await pictureWith(() => undefined);
  expect(undisturbed).toMatchObject({ seed: 11, image: expect.stringMatching(/^data:image\/png/) });
  await only.stop('SIGKILL');

  let begun = 0;
  const end = await pictureOverTwoNodes(() => (begun += 1));
  expect(begun).toBe(1);
  expect(end?.image).toBe(undisturbed?.image);
  expect(await balance()).toMatchObject({ credits: before.credits - 36, held: 0 });
});

it('a picture whose second node is killed, too, is an error that costs nothing', async () => {
  const before = await balance();
  const end = await pictureOverTwoNodes((second) => second.process.kill('SIGKILL'));
  expect(end).toMatchObject({ error: { code: 'upstream_failed' } });
  expect(await balance()).toEqual(before);
  expect(before.held).toBe(0);
  expect(await gateway.cli('reconcile')).toMatchObject({ ok: true });
});
