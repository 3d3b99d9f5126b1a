import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadConfigText } from './load.ts';

const KEYS = (
  'server models id price credits routes pool upstreams pools port variants aliases headers api_key_env kind ' +
  'settings per_million_usd __proto__ constructor'
).split(' ');

describe('no input breaks the loader', () => {
  const options = { name: 'x.yaml', environment: {}, overrides: {}, workingFolder: '/nowhere' };

  test('arbitrary text', () => {
    const texts = fc.oneof(fc.string({ maxLength: 200 }), fc.string({ unit: 'binary', maxLength: 200 }));
    fc.assert(
      fc.property(texts, (text) => {
        const loaded = loadConfigText(text, options);
        if (!loaded.ok) expect(loaded.error.length).toBeGreaterThan(0);
      }),
      { numRuns: 2000 },
    );
  });

  test('arbitrary values under known keys, as YAML and as JSON', () => {
    const keys = fc.constantFrom(...KEYS);
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 6, depthSize: 'medium' },
        fc.jsonValue({ maxDepth: 1 }),
        fc.constantFrom('text', 'image', 'KEY', 'p', 'm', 1, 0.5, null, true),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(keys, tie('value'), { maxKeys: 6 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(keys, value), fc.boolean(), (root, json) => {
        const loaded = loadConfigText(json ? JSON.stringify(root) : stringify(root), options);
        if (!loaded.ok) for (const problem of loaded.error) expect(problem.line).toBeGreaterThan(0);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['deep nesting', '['.repeat(100_000)],
    ['deep objects', `a: ${'{a: '.repeat(2000)}1${'}'.repeat(2000)}`],
    ['an alias inside itself', 'pools: &a { p: *a }'],
    ['an alias bomb', aliasBomb()],
    ['an alias without an anchor', 'pools: *nothing'],
    ['an anchor that comes later', 'pools: *a\nupstreams: &a {}'],
    ['a huge file', `# ${'x'.repeat(5_000_000)}`],
    ['a binary tag', 'brand: { name: !!binary aGVsbG8= }'],
    ['a merge key', 'brand: { <<: { name: x } }'],
    ['a list as a key', '? [a]\n: b'],
    ['infinity', 'server: { port: .inf }'],
    ['a byte order mark only', '\uFEFF\u0000'],
  ])('%s', (_name, text) => {
    const loaded = loadConfigText(text, options);
    expect(loaded.ok ? 0 : loaded.error.length).toBeGreaterThan(0);
  });

  test('a byte order mark and Windows line ends are read', () => {
    const loaded = loadConfigText('\uFEFFserver:\r\n  port: 5\r\n', options);
    expect(loaded.ok && loaded.value.config.server.port).toBe(5);
  });
});

function aliasBomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 10; level++) {
    lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`);
  }
  return lines.join('\n');
}
