import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { VirtualClock } from '../../testing/virtual-clock.ts';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import type { Heard } from '../testing-upstream.ts';
import { listen, startFakeUpstream } from '../testing-upstream.ts';
import { closers, connect } from './testing-ask.ts';
import { event, nativeRequest } from './testing-requests.ts';

const KEEPALIVE = event('keepalive');
const DELTA = event('response.output_text.delta', { output_index: 0, content_index: 0, delta: 'x' });

/** As in `testing-ask.ts`: a first part within 10 s, then one every 8 s; without any, 20 s at most. */
async function start(): Promise<{
  clock: VirtualClock;
  heard: Heard;
  response: ServerResponse;
  closed: Promise<void>;
}> {
  const clock = createVirtualClock();
  const closed = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<ServerResponse>();
  const fake = await startFakeUpstream((response) => {
    response.on('close', () => closed.resolve());
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    begun.resolve(response);
  });
  closers.push(() => fake.close());
  const upstream = connect(fake.url, { clock });
  const heard = listen();
  upstream.start(nativeRequest('{"model":"m","input":"hi"}', { stream: true }), heard.sink);
  return { clock, heard, response: await begun.promise, closed: closed.promise };
}

/** Writes something each second, and tells after how many seconds the attempt was given up. */
async function secondsUntilFault(
  { clock, heard, response }: Awaited<ReturnType<typeof start>>,
  text: string,
): Promise<number> {
  let seconds = 0;
  for (; heard.ends === 0 && seconds < 60; seconds += 1) {
    const seen = heard.alive + heard.calls;
    response.write(text);
    while (heard.alive + heard.calls === seen) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(1_000);
  }
  await heard.ended;
  return seconds;
}

describe('a target that thinks in silence', () => {
  test('is waited for while it says so, but not for ever', async () => {
    const started = await start();
    expect(await secondsUntilFault(started, KEEPALIVE)).toBe(20);
    expect(started.heard.fault).toMatchObject({ cause: 'timeout' });
    await started.closed;
  });

  test('is not waited for longer because something between us keeps the line open', async () => {
    expect(await secondsUntilFault(await start(), ': comment\n\n')).toBe(10);
  });

  test('behind its first words likewise', async () => {
    const started = await start();
    started.response.write(DELTA);
    await started.heard.firstPart;
    expect(await secondsUntilFault(started, KEEPALIVE)).toBe(20);
    expect(started.heard.fault).toMatchObject({ cause: 'stall' });
    // What it says of itself goes on to the client, who sees that there is life.
    expect(Buffer.concat(started.heard.relay).toString()).toContain(DELTA + KEEPALIVE);
  });

  test('behind its first words, silence is a stall', async () => {
    const { clock, heard, response, closed } = await start();
    response.write(DELTA);
    await heard.firstPart;
    clock.advance(7_500);
    expect(heard.ends).toBe(0);
    clock.advance(1_000);
    await heard.ended;
    expect(heard.fault).toMatchObject({ cause: 'stall' });
    await closed;
  });
});

test('bytes without parts go on only behind the first content', async () => {
  const { heard, response } = await start();
  response.write(KEEPALIVE);
  while (heard.alive < 2) await new Promise((resolve) => setImmediate(resolve));
  expect(heard.relay).toEqual([]);
  response.write(DELTA);
  await heard.firstPart;
  expect(heard.relay.join('')).toBe(KEEPALIVE + DELTA);
});
