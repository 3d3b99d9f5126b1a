import type { StreamPart } from '@switchyard/protocol/parts.ts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countedUsage, createOutputCounter } from './count-output.ts';

describe('createOutputCounter', () => {
  it('counts text, refusals and tool calls as output and reasoning apart', () => {
    const counter = createOutputCounter();
    counter.add([
      { type: 'reasoning-delta', text: 'hmm' },
      { type: 'text-delta', text: '12345678' },
      { type: 'refusal-delta', text: '1234' },
    ]);
    counter.add([
      { type: 'tool-call-start', index: 0, id: 'call_1', name: 'find' },
      { type: 'tool-call-delta', index: 0, argumentsText: '{"a":1}' },
      { type: 'finish', reason: 'stop' },
    ]);
    expect(countedUsage(9, counter)).toEqual({
      inputTokens: 9,
      imageInputTokens: 0,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: 6,
      reasoningTokens: 1,
    });
    expect(counter.contentParts()).toBe(5);
  });

  it('does not take empty parts for content', () => {
    const counter = createOutputCounter();
    counter.add([
      { type: 'text-delta', text: '' },
      { type: 'reasoning-delta', text: '' },
    ]);
    counter.add([]);
    expect([counter.contentParts(), counter.outputTokens(), counter.reasoningTokens()]).toEqual([0, 0, 0]);
  });

  it('counts the same however the text is split, never more than its bytes, never less than one token', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 20 }), (pieces) => {
        const split = createOutputCounter();
        for (const text of pieces) split.add([{ type: 'text-delta', text } satisfies StreamPart]);
        const whole = createOutputCounter();
        whole.add([{ type: 'text-delta', text: pieces.join('') }]);
        const bytes = Buffer.byteLength(pieces.join(''));
        expect(split.outputTokens()).toBe(whole.outputTokens());
        expect(split.outputTokens()).toBeLessThanOrEqual(bytes);
        expect(split.outputTokens()).toBeGreaterThanOrEqual(bytes > 0 ? 1 : 0);
        expect(split.ceilingTokens()).toBeGreaterThanOrEqual(bytes);
      }),
    );
  });
});
