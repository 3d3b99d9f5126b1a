import { expect, test } from 'vitest';
import { linkUrl } from './link-url.ts';

test.each([
  ['http://127.0.0.1:8080', 'ws://127.0.0.1:8080/node/v1'],
  ['https://ai.example.org/', 'wss://ai.example.org/node/v1'],
  ['https://ai.example.org/base/', 'wss://ai.example.org/base/node/v1'],
  ['ws://[::1]:1', 'ws://[::1]:1/node/v1'],
  ['wss://ai.example.org/node/v1', 'wss://ai.example.org/node/v1'],
])('%s becomes %s', (given, url) => {
  expect(linkUrl(given)).toBe(url);
});

test.each([
  '',
  'ai.example.org',
  'ftp://x',
  'http://',
  'https://u:p@x',
  'https://x/?token=1',
  'https://x/#a',
])('%j is refused without being repeated', (given) => {
  expect(() => linkUrl(given)).toThrow(/^The gateway address must/);
});
