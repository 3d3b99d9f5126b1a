import { expect, test } from 'vitest';
import { BATCH_POSITIONS } from './model.ts';
import { commonPrefix, createSession, feed, rewind } from './session.ts';
import { demoModel } from './testing/demo-fixtures.ts';

const prompt = demoModel().tokenizer.encode('What is the capital of France? '.repeat(6));

function logitsAfter(sizes: readonly number[]): Float32Array {
  const session = createSession(demoModel());
  let at = 0;
  let logits: Float32Array | undefined;
  for (let step = 0; at < prompt.length; step++) {
    const chunk = prompt.slice(at, at + (sizes[step % sizes.length] ?? 1));
    logits = feed(session, chunk, { wantLogits: true });
    at += chunk.length;
  }
  if (logits === undefined) throw new Error('no logits');
  return logits.slice();
}

test('how the prompt is cut does not change a bit of the result', () => {
  const single = logitsAfter([1]);
  for (const sizes of [[2], [3, 1], [5], [BATCH_POSITIONS]]) expect(logitsAfter(sizes)).toEqual(single);
});

test('a rewound session goes on as if the dropped part had never been', () => {
  const session = createSession(demoModel());
  feed(session, prompt.slice(0, 10), { wantLogits: false });
  feed(session, [500, 501, 502], { wantLogits: false });
  const shared = commonPrefix(session, prompt.slice(0, 12));
  expect(shared).toBe(10);
  rewind(session, shared);
  const again = feed(session, prompt.slice(10, 12), { wantLogits: true })?.slice();
  const fresh = createSession(demoModel());
  expect(feed(fresh, prompt.slice(0, 12), { wantLogits: true })).toEqual(again);
});

test('the last token of a prompt is never taken from the cache', () => {
  const session = createSession(demoModel());
  feed(session, [1, 2, 3], { wantLogits: false });
  expect(commonPrefix(session, [1, 2, 3])).toBe(2);
});

test('the bounds are kept', () => {
  const session = createSession(demoModel());
  const chunk = Array.from({ length: BATCH_POSITIONS }, () => 5);
  expect(() => feed(session, [...chunk, 5], { wantLogits: false })).toThrow(RangeError);
  expect(() => feed(session, [], { wantLogits: false })).toThrow(RangeError);
  while (session.tokens.length < demoModel().shape.contextTokens) feed(session, chunk, { wantLogits: false });
  expect(() => feed(session, [5], { wantLogits: false })).toThrow(/full/);
});
