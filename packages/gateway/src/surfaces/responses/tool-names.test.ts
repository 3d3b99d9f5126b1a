import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ToolIdentity } from './tool-names.ts';
import { createToolNames } from './tool-names.ts';

test.each<[string, ToolIdentity, string]>([
  ['a plain name stays', { kind: 'function', name: 'get weather!' }, 'get weather!'],
  ['a namespace stands before it', { kind: 'function', namespace: 'crm', name: 'find' }, 'crm__find'],
  [
    'letters that engines refuse are exchanged',
    { kind: 'custom', namespace: 'a.b', name: 'c d' },
    'a_b__c_d',
  ],
])('%s', (_what, tool, offered) => {
  const names = createToolNames();
  expect(names.find(tool)).toBe(undefined);
  expect(names.offer(tool)).toBe(offered);
  expect(names.find(tool)).toBe(offered);
  expect(names.identify(offered)).toEqual(tool);
});

test('long names stay apart, within what engines take', () => {
  const names = createToolNames();
  const offered = ['a', 'b'].map((end) =>
    names.offer({ kind: 'function', namespace: 'n'.repeat(60), name: `tool_${'x'.repeat(60)}${end}` }),
  );
  expect(new Set(offered).size).toBe(2);
  for (const name of offered) expect(name).toMatch(/^[A-Za-z0-9_-]{64}$/);
});

test('any tools have names of their own, the same each time, and are found again by them', () => {
  const word = fc.oneof(
    fc.constantFrom('a', 'a__a', 'a__a__a', 'a_2', '__proto__', 'constructor'),
    fc.string(),
  );
  const tool: fc.Arbitrary<ToolIdentity> = fc.record(
    { kind: fc.constantFrom('function' as const, 'custom' as const), namespace: word, name: word },
    { requiredKeys: ['kind', 'name'] },
  );
  fc.assert(
    fc.property(fc.array(tool), (tools) => {
      const names = createToolNames();
      const offered = tools.map((one) => names.offer(one));
      expect(tools.map((one) => names.offer(one))).toEqual(offered);
      expect(offered.map((name) => names.identify(name))).toEqual(tools);
      expect(createToolNames().identify('a')).toBe(undefined);
    }),
    { numRuns: 500 },
  );
});
