import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import { expect, test } from 'vitest';
import { attemptRequestOf } from '../testing/recording-sink.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createPrefixAffinity } from './prefix-affinity.ts';

const SYSTEM = 'You know all about trains. '.repeat(60);

function chatOf(...turns: string[]): ChatRequest {
  return {
    ...attemptRequestOf('').chat,
    messages: [
      { role: 'system', content: [{ type: 'text', text: SYSTEM }] },
      ...turns.map((text, index) =>
        index % 2 === 0
          ? { role: 'user' as const, content: [{ type: 'text' as const, text }] }
          : { role: 'assistant' as const, content: [{ type: 'text' as const, text }] },
      ),
    ],
  };
}

test('the next turn of a conversation finds the node that has read its beginning', () => {
  const affinity = createPrefixAffinity(createVirtualClock());
  affinity.note('node_1', affinity.prefixesOf('acc', 'm', chatOf('x'.repeat(2_000))));
  const next = affinity.prefixesOf('acc', 'm', chatOf('x'.repeat(2_000), 'answer', 'and then?'));
  expect([...affinity.sharesOf(next).keys()]).toEqual(['node_1']);
  expect(affinity.sharesOf(next).get('node_1')).toBeGreaterThan(0.5);
});

test.each([
  ['another account', 'acc_2', 'm', 'x'],
  ['another model', 'acc', 'm2', 'x'],
  ['another text', 'acc', 'm', 'y'],
])('%s finds nothing of it, or just the common beginning', (_why, account, model, letter) => {
  const affinity = createPrefixAffinity(createVirtualClock());
  affinity.note('node_1', affinity.prefixesOf('acc', 'm', chatOf('x'.repeat(8_000))));
  const shares = affinity.sharesOf(affinity.prefixesOf(account, model, chatOf(letter.repeat(8_000))));
  expect(shares.size).toBe(0);
});

test('it forgets after five minutes, and with each new key', () => {
  const clock = createVirtualClock();
  const affinity = createPrefixAffinity(clock);
  const chat = chatOf('x'.repeat(2_000));
  const before = affinity.prefixesOf('acc', 'm', chat);
  affinity.note('node_1', before);
  clock.advance(5 * 60_000);
  expect(affinity.sharesOf(before).size).toBe(1);
  clock.advance(1);
  expect(affinity.sharesOf(before).size).toBe(0);
  clock.advance(24 * 3_600_000);
  expect(affinity.prefixesOf('acc', 'm', chat)).not.toEqual(before);
});

test('two programs have different keys, so digests say nothing about a text', () => {
  const chat = chatOf('x'.repeat(2_000));
  const [one, two] = [createVirtualClock(), createVirtualClock()].map((clock) =>
    createPrefixAffinity(clock).prefixesOf('acc', 'm', chat),
  );
  expect(one?.map(({ share }) => share)).toEqual(two?.map(({ share }) => share));
  expect(one?.[0]?.digest).not.toBe(two?.[0]?.digest);
});

test('a short prompt has no beginning worth a digest', () => {
  const affinity = createPrefixAffinity(createVirtualClock());
  const chat = { ...chatOf('hi'), messages: chatOf('hi').messages.slice(1) };
  expect(affinity.prefixesOf('acc', 'm', chat)).toEqual([]);
});
