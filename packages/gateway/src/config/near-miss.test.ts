import { expect, test } from 'vitest';
import { nearMiss } from './near-miss.ts';

const KNOWN = ['port', 'host', 'public_url', 'base_url', 'queue_wait_seconds', 'api_key_env'];

test.each([
  ['prot', 'port'],
  ['Port', 'port'],
  ['prt', 'port'],
  ['baseUrl', 'base_url'],
  ['base-uri', 'base_url'],
  ['queue_wait_second', 'queue_wait_seconds'],
  ['queue_wait_sceonsd', 'queue_wait_seconds'],
  ['api_key', undefined],
  ['colour', undefined],
  ['', undefined],
  ['x'.repeat(1000), undefined],
])('%s is near %s', (word, expected) => {
  expect(nearMiss(word, KNOWN)).toBe(expected);
});
