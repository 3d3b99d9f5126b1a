import type { FinishReason, StreamPart } from '@switchyard/protocol/parts.ts';
import fc from 'fast-check';

/** For property tests: any answer that the canonical form allows, to requests of any form. */
const TOOLS = [
  { type: 'function', name: 'f' },
  { type: 'custom', name: 'patch' },
  { type: 'namespace', name: 'ns', description: '', tools: [{ type: 'function', name: 'f' }] },
];

/** Requests whose answers differ in form. */
export const asked = fc.record({
  tools: fc.constant(TOOLS),
  reasoning: fc.constantFrom({ summary: 'auto' }, {}),
  include: fc.constantFrom(['reasoning.encrypted_content'], []),
});

/** With what JSON writes in another way, halves of a character among it. */
const unit = fc.constantFrom(...'ab"\\\n\r/{}é😀\u0000\u2028'.split(''));
const text = fc.string({ unit, maxLength: 6 });
const steps = fc.array(
  fc.tuple(
    fc.oneof(
      fc.record({
        type: fc.constantFrom('text-delta' as const, 'reasoning-delta' as const, 'refusal-delta' as const),
        text,
      }),
      fc.record({ type: fc.constant('seal' as const), text: fc.string({ minLength: 1, maxLength: 4 }) }),
      fc.record({
        type: fc.constant('call' as const),
        text: fc.constantFrom('f', 'patch', 'ns__f', 'other'),
      }),
      fc.record({
        type: fc.constant('arguments' as const),
        text: fc.oneof(text, fc.constantFrom('{"input":"', '"}', '\\', '\\u00e4', '{}')),
        of: fc.nat(9),
      }),
    ),
    fc.boolean(),
  ),
  { maxLength: 25 },
);

/** Any answer that the canonical form allows, in any batches. */
export const answers = steps.map((list) => {
  const batches: StreamPart[][] = [[]];
  let calls = 0;
  for (const [step, isNewBatch] of list) {
    if (isNewBatch) batches.push([]);
    const batch = batches.at(-1);
    if (step.type === 'call') {
      batch?.push({ type: 'tool-call-start', index: calls, id: `id${calls}`, name: step.text });
      calls += 1;
    } else if (step.type === 'seal') {
      batch?.push({ type: 'reasoning-seal', seal: { kind: 'signature', data: step.text } });
    } else if (step.type !== 'arguments') {
      batch?.push(step);
    } else if (calls > 0) {
      batch?.push({ type: 'tool-call-delta', index: step.of % calls, argumentsText: step.text });
    }
  }
  batches.push([{ type: 'finish', reason: 'stop' }]);
  return batches;
});

export const reasons = fc.constantFrom<FinishReason>('stop', 'length', 'tool-calls', 'content-filter');
