import { expect, it } from 'vitest';
import { needsConsent, sizeOfBody } from './size.ts';

const money = { micros: 1, credits: 0, usd: 0 };
const flat = { type: 'flat', version: '', perRequest: money } as const;
const perMillion = {
  input: money,
  imageInput: money,
  cacheRead: money,
  cacheWrite: money,
  output: money,
  reasoning: money,
};
const perToken = { type: 'per-token', version: '', perMillion, minimum: money } as const;

it('counts a picture as one size, whatever its bytes', () => {
  const withPicture = (bytes: number) =>
    sizeOfBody({ text: 'a b', url: `data:image/png;base64,${'A'.repeat(bytes)}` });
  expect(withPicture(2_000)).toBe(withPicture(2_000_000));
  expect(sizeOfBody({ text: 'a '.repeat(5_000) })).toBeGreaterThan(10_000);
});

it.each([
  [flat, 1_000_000, 0, false],
  [perToken, 23_999, 0, false],
  [perToken, 24_000, 0, true],
  [perToken, 30_000, 24_000, false],
  [perToken, 36_001, 24_000, true],
])('%j with %d characters after %d: %s', (price, size, agreed, asks) => {
  expect(needsConsent(price, size, agreed)).toBe(asks);
});
