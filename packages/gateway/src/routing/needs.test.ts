import type { CapabilityModel } from '@switchyard/protocol/link/messages.ts';
import { expect, test } from 'vitest';
import { fitsNeeds } from '../fleet/pick.ts';
import { needsNoLess } from './needs.ts';
import type { Needs } from './target.ts';

const BOTH = [false, true];
const DIGESTS = ['a', 'b'];

/** Every choice of abilities, with little context and with much. */
const facts = BOTH.flatMap((tools) =>
  BOTH.flatMap((vision) =>
    BOTH.flatMap((thinking) =>
      BOTH.flatMap((jsonSchema) =>
        [1, 2].map((contextTokens) => ({ tools, vision, thinking, jsonSchema, contextTokens })),
      ),
    ),
  ),
);
const needs: Needs[] = facts.flatMap((some) => [
  some,
  ...DIGESTS.map((digest) => ({ ...some, continues: { digest } })),
]);
const models: CapabilityModel[] = facts.flatMap((some) =>
  DIGESTS.flatMap((digest) =>
    BOTH.map((prefill) => ({
      ...some,
      alias: 'm',
      localName: 'm',
      slots: 1,
      loaded: true,
      maxOutputTokens: 1,
      remoteBacked: false,
      digest,
      prefill,
    })),
  ),
);

test('one needs no less than the other when each node that serves it would serve the other, and only then', () => {
  const servers = new Map(
    needs.map((one) => [one, new Set(models.filter((model) => fitsNeeds(model, one)))]),
  );
  const wrong = needs.flatMap((one) =>
    needs.filter((other) => {
      const [own = new Set(), others = new Set()] = [servers.get(one), servers.get(other)];
      return needsNoLess(one, other) !== own.isSubsetOf(others);
    }),
  );
  expect(wrong).toEqual([]);
});

test('what has to be in a dialect speaks only for what has to be in the same', () => {
  const text: Needs = { tools: false, vision: false, thinking: false, jsonSchema: false, contextTokens: 1 };
  const native: Needs = { ...text, nativeDialect: 'messages' };
  expect(needsNoLess(native, text)).toBe(true);
  expect(needsNoLess(text, native)).toBe(false);
  expect(needsNoLess(native, native)).toBe(true);
});
