import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCallIds } from './tool-ids.ts';

test('an id that fits stays', () => {
  expect(createCallIds().take('toolu_01AbC-x')).toBe('toolu_01AbC-x');
  // Unless it looks like one of ours: that is what ':' becomes.
  expect(createCallIds().take('swy_Og')).not.toBe(createCallIds().take(':'));
});

test('all ids fit and differ, and one that is alone can be read back', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom('a', 'a-2', 'swy_a', ''))), (ids) => {
      const calls = createCallIds();
      const taken = ids.map((id) => calls.take(id));
      expect(new Set(taken).size).toBe(taken.length);
      for (const id of taken) expect(id).toMatch(/^[a-zA-Z0-9_-]+$/);
      const again = createCallIds();
      expect(ids.map((id) => again.take(id))).toEqual(taken);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (id) => {
      const safe = createCallIds().take(id);
      expect(safe.startsWith('swy_') ? Buffer.from(safe.slice(4), 'base64url').toString() : safe).toBe(id);
    }),
  );
});
