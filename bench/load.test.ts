import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { postBytes } from './client.ts';
import { closedLoop, holdStreams, openLoop } from './load.ts';
import { monotonicMs } from './pacer.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<number> {
  server = createServer((request, response) => {
    request.resume().on('end', () => listener(request, response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const requests = [postBytes('/first', {}, '{}'), postBytes('/second', { 'x-a': 'b' }, '{"a":1}')];

it('counts what succeeded and what failed, by the reason', async () => {
  let count = 0;
  const port = await serve((_request, response) => {
    count += 1;
    if (count % 4 === 1) response.writeHead(503).end('no');
    else if (count % 4 === 2) response.destroy();
    else response.end('yes');
  });
  const result = await closedLoop({ port, requests }, { connections: 4, durationMs: 100 });
  expect(result).toMatchObject({
    succeeded: Math.floor(count / 4) + Math.floor((count + 1) / 4),
    failures: { 'status 503': Math.floor((count + 3) / 4), 'connection closed': Math.floor((count + 2) / 4) },
  });
  expect(result.latency.count).toBe(result.succeeded);
});

it('gives a connection one of the requests in turn', async () => {
  const paths = new Set<string>();
  const port = await serve((request, response) => {
    paths.add(request.url ?? '');
    response.end('yes');
  });
  await closedLoop({ port, requests }, { connections: 2, durationMs: 50 });
  expect([...paths].sort()).toEqual(['/first', '/second']);
});

it('takes errors for the right answer where they are wanted', async () => {
  const port = await serve((_request, response) => response.writeHead(503).end());
  const load = { port, requests, expectsError: true };
  const result = await closedLoop(load, { connections: 1, durationMs: 50 });
  expect(result.failures).toEqual({});
  expect(result.succeeded).toBeGreaterThan(0);
});

it('starts requests at their time while earlier ones wait', async () => {
  const held: (() => void)[] = [];
  const count = 40;
  const port = await serve((_request, response) => {
    // Nobody is answered before everybody has asked: a generator that waits for answers would wait for ever.
    held.push(() => response.end('yes'));
    if (held.length === count) for (const answer of held) answer();
  });
  const plan = { ratePerSecond: 200, durationMs: 200, until: 'end' as const };
  const result = await openLoop({ port, requests }, plan);
  expect(result).toMatchObject({ succeeded: count, failures: {}, latency: { count } });
});

it('counts from the time at which a request was to start, also when it could not', async () => {
  let blockedUntilMs: number | undefined;
  const port = await serve((_request, response) => {
    blockedUntilMs ??= monotonicMs() + 300;
    // The generator is in the same thread: nothing can start in the meantime.
    while (monotonicMs() < blockedUntilMs);
    response.end('yes');
  });
  const plan = { ratePerSecond: 200, durationMs: 200, until: 'end' as const };
  const { latency } = await openLoop({ port, requests }, plan);
  // The request in the middle was to start 100 ms after the first.
  expect(latency.p50Ms).toBeGreaterThanOrEqual(200);
});

it('counts events of streams also where one is split, and those that end', async () => {
  const goOn: (() => void)[] = [];
  const port = await serve((_request, response) => {
    response.write('data: 1\n', () => response.write('\ndata: 2\n\ndata: 3\n\n'));
    goOn.push(() => response.end('data: 4\n\n'));
  });
  const held = await holdStreams({ port, requests }, 3);
  await expect.poll(() => held.events()).toBe(9);
  expect(held.open()).toBe(3);
  goOn[0]?.();
  await expect.poll(() => held.failures()).toEqual({ 'ended early, status 200': 1 });
  expect([held.events(), held.open()]).toEqual([10, 2]);
  held.close();
});
