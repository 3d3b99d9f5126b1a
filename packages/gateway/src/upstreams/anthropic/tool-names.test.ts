import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CHAT } from './testing-ask.ts';
import { toolNames } from './tool-names.ts';

test('names fit, differ, and come back', () => {
  const name = fc.oneof(fc.string(), fc.constantFrom('a.b', 'a_b', 'a-b', 'ü', '', 'x'.repeat(300)));
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 8 }), fc.array(name), (tools, called) => {
      const names = toolNames({
        ...CHAT,
        tools: tools.map((one) => ({ name: one })),
        messages: [
          {
            role: 'assistant',
            content: called.map((one) => ({
              type: 'tool-call' as const,
              id: 'a',
              name: one,
              argumentsText: '',
            })),
          },
        ],
      });
      const all = [...new Set([...tools, ...called])];
      const sent = all.map(names.toApi);
      for (const one of sent) expect(one).toMatch(/^[a-zA-Z0-9_-]{1,128}$/);
      expect(new Set(sent).size).toBe(all.length);
      expect(sent.map(names.toClient)).toEqual(all);
      for (const one of all) if (/^[a-zA-Z0-9_-]{1,128}$/.test(one)) expect(names.toApi(one)).toBe(one);
    }),
  );
});

test('a name that the model made up stays', () => {
  const names = toolNames({ ...CHAT, tools: [{ name: 'a.b' }] });
  expect(names.toClient('other')).toBe('other');
});
