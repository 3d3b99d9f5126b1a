import { expect, test } from 'vitest';
import { isNewer } from './newer-version.ts';

test.each([
  ['0.1.1', '0.1.0', true],
  ['0.10.0', '0.9.9', true],
  ['1.0.0', '0.99.99', true],
  ['0.1.0', '0.1.0', false],
  ['0.1.0', '0.1.1', false],
  ['0.2.0-beta.1', '0.1.0', true],
  ['0.1.0+build', '0.1.0', false],
  ['next', '0.1.0', false],
  ['0.2', '0.1.0', false],
  ['0.2.0', 'unknown', false],
  ['', '', false],
])('%s against %s: %s', (candidate, own, newer) => {
  expect(isNewer(candidate, own)).toBe(newer);
});
