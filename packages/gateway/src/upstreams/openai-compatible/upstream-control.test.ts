import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { FakeHandler } from '../testing-upstream.ts';
import { attemptRequest, listen } from '../testing-upstream.ts';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import {
  BODY,
  DONE,
  FINISH,
  WHOLE,
  ask,
  chunk,
  openStream,
  sendJson,
  serve,
  settled,
} from './testing-serve.ts';

describe('time limits', () => {
  /** Starts a request against a server under test, on virtual time. */
  async function start(handler: FakeHandler, stream: boolean) {
    const clock = createVirtualClock();
    const closed = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<ServerResponse>();
    const { upstream } = await serve(
      (response, request) => {
        response.on('close', () => closed.resolve());
        handler(response, request);
        begun.resolve(response);
      },
      { clock },
    );
    const heard = listen();
    const attempt = upstream.start(attemptRequest(stream, BODY), heard.sink);
    return { clock, heard, attempt, response: await begun.promise, closed: closed.promise };
  }

  test('no headers', async () => {
    const { clock, heard, closed } = await start(() => {}, true);
    clock.advance(9_500);
    expect(heard.ends).toBe(0);
    clock.advance(1_000);
    await heard.ended;
    expect(heard.fault).toMatchObject({ code: 'upstream_timeout', cause: 'timeout', blame: 'target' });
    await closed;
  });

  test('pings do not hide a dead engine', async () => {
    const { clock, heard, response, closed } = await start((response) => openStream(response), true);
    for (let second = 0; second < 11; second += 1) {
      const alive = heard.alive;
      response.write(': ping\n\n');
      while (heard.alive === alive && heard.ends === 0) await new Promise((resolve) => setImmediate(resolve));
      clock.advance(1_000);
    }
    await heard.ended;
    expect(heard.fault).toMatchObject({ cause: 'timeout' });
    await closed;
  });

  test('a stall behind the first part, but not while the client is held back', async () => {
    const { clock, heard, attempt, closed } = await start((response) => {
      openStream(response);
      response.write(chunk('x'));
    }, true);
    await heard.firstPart;
    attempt.pause();
    clock.advance(60_000);
    expect(heard.ends).toBe(0);
    attempt.resume();
    clock.advance(7_500);
    expect(heard.ends).toBe(0);
    clock.advance(1_000);
    await heard.ended;
    expect(heard.fault).toMatchObject({ code: 'upstream_timeout', cause: 'stall' });
    await closed;
  });

  test('a finish without terminator ends well after a short wait', async () => {
    const { clock, heard, closed } = await start((response) => {
      openStream(response);
      response.write(chunk('x') + FINISH);
    }, true);
    await heard.firstPart;
    clock.advance(5_500);
    await heard.ended;
    expect(heard.fault).toBeUndefined();
    expect(heard.parts.at(-1)).toEqual({ type: 'finish', reason: 'stop' });
    await closed;
  });

  test('a reply that goes on behind its terminator is cut', async () => {
    const { clock, heard, closed } = await start((response) => {
      openStream(response);
      response.write(chunk('x') + FINISH + DONE);
    }, true);
    await heard.ended;
    clock.advance(2_500);
    await closed;
    expect(heard.ends).toBe(1);
  });

  test('a whole reply has its own limit', async () => {
    const { clock, heard, closed } = await start(() => {}, false);
    clock.advance(19_500);
    expect(heard.ends).toBe(0);
    clock.advance(1_000);
    await heard.ended;
    expect(heard.fault).toMatchObject({ cause: 'timeout' });
    await closed;
  });
});

describe('cancel and pause', () => {
  test('cancel closes the connection at once, and the sink hears no more', async () => {
    const closed = Promise.withResolvers<void>();
    const { upstream } = await serve((response) => {
      response.on('close', () => closed.resolve());
      openStream(response);
      response.write(chunk('x'));
    });
    const heard = listen();
    const attempt = upstream.start(attemptRequest(true, BODY), heard.sink);
    await heard.firstPart;
    attempt.cancel();
    attempt.cancel();
    await closed.promise;
    attempt.pause();
    attempt.resume();
    expect(heard.ends).toBe(0);
  });

  test('cancel from inside the sink', async () => {
    const closed = Promise.withResolvers<void>();
    const { upstream } = await serve((response) => {
      response.on('close', () => closed.resolve());
      openStream(response);
      response.write(chunk('x') + FINISH + DONE);
    });
    const heard = listen(() => attempt.cancel());
    const attempt = upstream.start(attemptRequest(true, BODY), heard.sink);
    await closed.promise;
    expect(heard.ends).toBe(0);
    expect(heard.calls).toBe(1);
  });

  test('cancel before the connection stands sends nothing', async () => {
    const { fake, upstream } = await serve((response) => sendJson(response, WHOLE));
    const heard = listen();
    upstream.start(attemptRequest(false, BODY), heard.sink).cancel();
    await ask(upstream, false);
    expect(fake.requests).toHaveLength(1);
    expect(heard.ends).toBe(0);
  });

  test('cancelled streams do not hold up later requests', async () => {
    let open = 0;
    const { upstream } = await serve((response) => {
      open += 1;
      response.on('close', () => (open -= 1));
      openStream(response);
      response.write(chunk('x'));
    });
    for (let round = 0; round < 40; round += 1) {
      const heard = listen();
      const attempt = upstream.start(attemptRequest(true, BODY), heard.sink);
      await heard.firstPart;
      attempt.cancel();
    }
    await settled(() => open);
    expect(open).toBe(0);
  });

  test('pause stops reading, resume goes on to the end', async () => {
    const totalEvents = 4_000;
    const text = 'x'.repeat(10_000);
    let sent = 0;
    const { upstream } = await serve((response) => {
      openStream(response);
      const more = () => {
        while (sent < totalEvents) {
          sent += 1;
          if (!response.write(chunk(text))) return;
        }
        response.end(FINISH + DONE);
      };
      response.on('drain', more);
      more();
    });
    let received = 0;
    const heard = listen((parts) => {
      received += parts.length;
      if (received === parts.length) attempt.pause();
    });
    const attempt = upstream.start(attemptRequest(true, BODY), heard.sink);
    await heard.firstPart;
    await settled(() => sent);
    expect(sent).toBeLessThan(totalEvents);
    expect(received * text.length).toBeLessThan(512 * 1024);
    attempt.resume();
    await heard.ended;
    expect(heard.fault).toBeUndefined();
    expect(received).toBe(totalEvents + 1);
  });
});
