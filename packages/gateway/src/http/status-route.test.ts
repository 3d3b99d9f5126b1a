import { afterAll, beforeAll, expect, it } from 'vitest';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { statusRoute } from './status-route.ts';
import { openTestServer, type TestServer } from './testing-server.ts';

const clock = createVirtualClock(Date.UTC(2026, 10, 21));
let asked = 0;
let server: TestServer;
let address: string;

beforeAll(async () => {
  const route = statusRoute(
    {
      models() {
        asked += 1;
        return [];
      },
      maintenance: () => ({ on: false, message: '' }),
      startedAtMs: clock.nowMs(),
    },
    { brand: 'Acme', version: '1', clock, isReady: () => true, isLedgerHealthy: () => true },
  );
  server = await openTestServer([route]);
  address = `${server.origin}/status`;
});
afterAll(() => server.close());

it('is a page without script, made once in five seconds for however many', async () => {
  const replies = await Promise.all(Array.from({ length: 20 }, () => fetch(address)));
  expect(replies[0]?.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(replies.map(({ status }) => status)).toEqual(Array(20).fill(200));
  expect(asked).toBe(1);
  clock.advance(4_999);
  await fetch(address);
  expect(asked).toBe(1);
  clock.advance(1);
  const dark = await fetch(address, { headers: { cookie: 'theme=dark' } });
  expect([asked, await dark.text()]).toEqual([2, expect.stringContaining('data-theme="dark"')]);
});
