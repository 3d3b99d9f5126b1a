import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openSpeedCache } from './speed-cache.ts';

const folder = mkdtempSync(join(tmpdir(), 'connector-speeds-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const newPath = (): string => join(folder, `${(files += 1)}`, 'switchyard', 'speeds.json');
const SPEED = { promptTokensPerSecond: 1_000.5, outputTokensPerSecond: 32 };

function open(path: string) {
  const problems: string[] = [];
  return { cache: openSpeedCache(path, (message) => problems.push(message)), problems };
}

it('keeps speeds over a restart, in a file of its owner', () => {
  const path = newPath();
  const { cache, problems } = open(path);
  expect(cache.get('a')).toBeUndefined();
  cache.set('a', SPEED);
  cache.set('a', { ...SPEED, outputTokensPerSecond: 33 });
  expect(open(path).cache.get('a')).toEqual({ ...SPEED, outputTokensPerSecond: 33 });
  expect(statSync(path).mode & 0o077).toBe(0);
  expect(readdirSync(join(path, '..'))).toEqual(['speeds.json']);
  expect(problems).toEqual([]);
});

it('leaves what another connector wrote meanwhile', () => {
  const path = newPath();
  const [one, other] = [open(path), open(path)];
  one.cache.set('a', SPEED);
  other.cache.set('b', SPEED);
  expect(open(path).cache.get('a')).toEqual(SPEED);
  expect(open(path).cache.get('b')).toEqual(SPEED);
});

it.each([
  'no JSON',
  '[]',
  '{"v":2,"speeds":{"a":{"promptTokensPerSecond":1,"outputTokensPerSecond":1}}}',
  '{"v":1,"speeds":[]}',
  '{"v":1,"speeds":{"a":null}}',
  '{"v":1,"speeds":{"a":{"promptTokensPerSecond":0,"outputTokensPerSecond":1}}}',
  '{"v":1,"speeds":{"a":{"promptTokensPerSecond":1,"outputTokensPerSecond":1e9}}}',
  '{"v":1,"speeds":{"a":{"promptTokensPerSecond":"1","outputTokensPerSecond":1}}}',
  `{"v":1,"speeds":{"a":{"promptTokensPerSecond":1,"outputTokensPerSecond":1}}, "x":"${'x'.repeat(1_100_000)}"}`,
])('takes nothing of a file such as %.60s', (text) => {
  const path = join(folder, `bad-${(files += 1)}.json`);
  writeFileSync(path, text);
  const { cache } = open(path);
  expect(cache.get('a')).toBeUndefined();
  cache.set('b', SPEED);
  expect(open(path).cache.get('b')).toEqual(SPEED);
});

it('holds 500 speeds, the newest ones', () => {
  const path = newPath();
  const { cache } = open(path);
  for (let index = 0; index < 502; index += 1) cache.set(`k${index}`, SPEED);
  const reopened = open(path).cache;
  expect([reopened.get('k0'), reopened.get('k1')]).toEqual([undefined, undefined]);
  expect(reopened.get('k501')).toEqual(SPEED);
  const file = JSON.parse(readFileSync(path, 'utf8')) as { speeds: object };
  expect(Object.keys(file.speeds)).toHaveLength(500);
});

it('says once that it cannot write, and still knows', () => {
  const path = join(folder, 'file', 'speeds.json');
  writeFileSync(join(folder, 'file'), '');
  chmodSync(join(folder, 'file'), 0o400);
  const { cache, problems } = open(path);
  cache.set('a', SPEED);
  cache.set('b', SPEED);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain('cannot be kept');
  expect(cache.get('a')).toEqual(SPEED);
});
