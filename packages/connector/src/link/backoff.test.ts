import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decideNext, retryDelayMs } from './backoff.ts';
import type { LinkEnd } from './backoff.ts';

test('the bound of the wait is 1 s, then doubles up to 30 s', () => {
  const bounds = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((failures) => retryDelayMs(failures, () => 1));
  expect(bounds).toEqual([1_000, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

test('the wait is anywhere from 0 to its bound', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (failures, random) => {
        const delayMs = retryDelayMs(failures, () => random);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThan(30_000);
      },
    ),
  );
});

test.each<[LinkEnd, string]>([
  [{ kind: 'refused', status: 401 }, 'token'],
  [{ kind: 'closed', code: 4401 }, 'token'],
  [{ kind: 'closed', code: 4401, because: 'Ask Ada.' }, 'Ask Ada.'],
  [{ kind: 'refused', status: 426 }, 'versions'],
  [{ kind: 'closed', code: 4426 }, 'versions'],
])('%j stops for good', (end, word) => {
  const next = decideNext(end, 1, () => 0.5);
  expect('stop' in next ? next.stop : '').toContain(word);
});

test.each<[LinkEnd, number, RegExp]>([
  [{ kind: 'closed', code: 1006 }, 500, /1006/],
  [{ kind: 'closed', code: 401 }, 500, /401/],
  [{ kind: 'closed', code: 4400 }, 500, /understand/],
  [{ kind: 'closed', code: 4408 }, 500, /in time/],
  [{ kind: 'closed', code: 4409 }, 60_500, /same token/],
  [{ kind: 'closed', code: 4403 }, 60_500, /drained or suspended/],
  [{ kind: 'refused', status: 403 }, 60_500, /drained or suspended/],
  [
    { kind: 'refused', status: 403, because: 'Ends on Friday.' },
    60_500,
    /suspended.* It says: Ends on Friday\.$/,
  ],
  [{ kind: 'closed', code: 4503, retryAfterMs: 5_000 }, 5_500, /restarts/],
  [{ kind: 'closed', code: 4503, retryAfterMs: 1e12 }, 600_500, /restarts/],
  [{ kind: 'refused', status: 429, retryAfterMs: 60_000 }, 60_500, /429/],
  [{ kind: 'refused', status: 404 }, 500, /404/],
  [{ kind: 'unreachable', code: 'ECONNREFUSED' }, 500, /ECONNREFUSED/],
])('%j waits %d ms', (end, retryInMs, reason) => {
  expect(decideNext(end, 1, () => 0.5)).toEqual({ retryInMs, reason: expect.stringMatching(reason) });
});
