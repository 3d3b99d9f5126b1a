import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { callPublic, PublicFailure } from './browser-key.ts';
import { forgetBrowserKeys } from './key-store.ts';

type Seen = { path: string; key: string | null; credentials: string | undefined };
let seen: Seen[] = [];
let minted = 0;
/** The keys that the server takes. */
let accepted: (key: string) => boolean = () => true;

beforeEach(() => {
  seen = [];
  minted = 0;
  accepted = () => true;
  forgetBrowserKeys();
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    const key = new Headers(init.headers).get('authorization');
    seen.push({ path, key, credentials: init.credentials });
    if (path.endsWith('/browser-key')) {
      minted += 1;
      return Response.json({ secret: `sk-${minted}`, expiresAt: '2026-11-22T00:00:00Z' });
    }
    if (accepted(key?.slice('Bearer '.length) ?? '')) return Response.json({ done: true });
    return Response.json(
      { error: { code: 'invalid_api_key', message: 'No.' } },
      { status: 401, headers: { 'x-request-id': 'req_1' } },
    );
  });
});
afterEach(() => vi.unstubAllGlobals());

const call = (personId = 'usr_1') =>
  callPublic({
    owner: { accountId: 'acc_1', personId },
    path: '/v1/x',
    body: {},
    signal: new AbortController().signal,
  });

it('takes one key for all calls, and sends no cookie with them', async () => {
  await Promise.all([call(), call()]);
  await call();
  expect(minted).toBe(1);
  expect(seen.filter(({ path }) => path === '/v1/x')).toEqual(
    Array.from({ length: 3 }, () => ({ path: '/v1/x', key: 'Bearer sk-1', credentials: 'omit' })),
  );
});

it('takes another one for another person', async () => {
  await call('usr_1');
  await call('usr_2');
  expect(minted).toBe(2);
});

it('takes a new key once when the old one is refused', async () => {
  await call();
  accepted = (key) => key === 'sk-2';
  const answers = await Promise.all([call(), call()]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(minted).toBe(2);
});

it('gives up when the new one is refused, too', async () => {
  accepted = () => false;
  const failure = await call().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(PublicFailure);
  expect(failure).toMatchObject({ status: 401, code: 'invalid_api_key', message: 'No.', requestId: 'req_1' });
  expect(minted).toBe(2);
});
