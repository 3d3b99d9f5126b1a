import type { FinishReason, StreamPart } from '@switchyard/protocol/parts.ts';
import fc from 'fast-check';

type Answer = { batches: StreamPart[][]; finish: FinishReason };

/** Any canonical answer in any batches. Calls may go on after others have begun. */
export const answers: fc.Arbitrary<Answer> = fc
  .tuple(
    fc.array(
      fc.tuple(
        fc.oneof(
          fc.record({
            type: fc.constantFrom(
              'text-delta' as const,
              'reasoning-delta' as const,
              'refusal-delta' as const,
            ),
            text: fc.string({ unit: 'binary', maxLength: 6 }),
          }),
          fc.record({
            type: fc.constant('reasoning-seal' as const),
            seal: fc.record({
              kind: fc.constantFrom('signature' as const, 'redacted' as const, 'encrypted' as const),
              data: fc.string({ minLength: 1, maxLength: 6 }),
            }),
          }),
          fc.record({ type: fc.constant('call' as const), name: fc.string({ maxLength: 6 }) }),
          fc.record({
            type: fc.constant('arguments' as const),
            text: fc.constantFrom('', '{', '}', '{"a":', '"x}', '"', '\\', ' ', '[1]', '{}'),
            of: fc.nat(9),
          }),
        ),
        fc.boolean(),
      ),
    ),
    fc.constantFrom<FinishReason>('stop', 'length', 'tool-calls', 'content-filter'),
  )
  .map(([steps, finish]) => {
    const batches: StreamPart[][] = [[]];
    let calls = 0;
    for (const [one, isNewBatch] of steps) {
      if (isNewBatch) batches.push([]);
      const batch = batches.at(-1);
      if (one.type === 'call')
        batch?.push({ type: 'tool-call-start', index: calls++, id: `id${calls}`, name: one.name });
      else if (one.type !== 'arguments') batch?.push(one);
      else if (calls > 0)
        batch?.push({ type: 'tool-call-delta', index: one.of % calls, argumentsText: one.text });
    }
    batches.push([{ type: 'finish', reason: finish }]);
    return { batches, finish };
  });
