import { expect, test } from 'vitest';
import { readRetryAfterMs } from './retry-after.ts';

const NOW = Date.UTC(2026, 10, 20, 12, 0, 0);

test.each([
  [{}, undefined],
  [{ 'retry-after': '3' }, 3_000],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after': '1.5' }, 1_500],
  [{ 'retry-after': '-1' }, undefined],
  [{ 'retry-after': '' }, undefined],
  [{ 'retry-after': 'soon' }, undefined],
  [{ 'retry-after': '86400' }, 600_000],
  [{ 'retry-after': 'Fri, 20 Nov 2026 12:00:09 GMT' }, 9_000],
  [{ 'retry-after': 'Fri, 20 Nov 2026 11:00:00 GMT' }, undefined],
  [{ 'retry-after-ms': '120.4', 'retry-after': '9' }, 121],
  [{ 'retry-after-ms': 'x', 'retry-after': '9' }, 9_000],
  [{ 'retry-after-ms': '', 'retry-after': '9' }, 9_000],
  [{ 'retry-after': ['3', '5'] }, 3_000],
  [{ 'retry-after-ms': ['120', '9'] }, 120],
])('%j', (headers, expected) => {
  expect(readRetryAfterMs(headers, NOW)).toBe(expected);
});
