import { describe, expect, it } from 'vitest';
import { draftOf, readDraft, readFrom, type PriceDraft } from './price-input.ts';

const micros = (amount: number) => ({ micros: amount, credits: amount / 10_000, usd: amount / 1_000_000 });

const perToken = {
  type: 'per-token' as const,
  version: 'v1',
  perMillion: {
    input: micros(150_000),
    imageInput: micros(150_000),
    cacheRead: micros(15_000),
    cacheWrite: micros(150_000),
    output: micros(600_000),
    reasoning: micros(600_000),
  },
  minimum: micros(0),
};

describe('the draft of a price', () => {
  it('leaves out what costs the same as input or output, and gives the same price back', () => {
    const draft = draftOf({ price: perToken });
    expect(draft).toMatchObject({ input: '0.15', output: '0.6', cacheRead: '0.015', cacheWrite: '', minimum: '' });
    expect(readDraft(draft)).toEqual({
      price: {
        type: 'per-token',
        inputMicrosPerMillion: 150_000,
        outputMicrosPerMillion: 600_000,
        cacheReadMicrosPerMillion: 15_000,
      },
    });
  });

  it('takes a flat price, also none at all', () => {
    const draft = draftOf({ price: { type: 'flat', version: 'v1', perRequest: micros(20_000) } });
    expect(readDraft(draft)).toEqual({ price: { type: 'flat', amountMicros: 20_000 } });
    expect(readDraft({ ...draft, perRequest: '0' })).toEqual({ price: { type: 'flat', amountMicros: 0 } });
  });

  it.each(['', '-1', '1e3', '0.0000001', '1,5', 'ten', '10000000'])('refuses "%s" as an amount', (input) => {
    const draft: PriceDraft = { ...draftOf({ price: perToken }), input };
    expect(readDraft(draft)).toEqual({ wrong: ['input'] });
  });
});

describe('when a price begins', () => {
  const nowMs = Date.parse('2026-11-21T12:00:00Z');
  it('is at once when nothing is typed, a time to come, and never the past', () => {
    expect(readFrom('', nowMs)).toBeNull();
    expect(readFrom('2026-12-01T00:00:00Z', nowMs)).toBe('2026-12-01T00:00:00.000Z');
    expect(readFrom('2026-11-20T00:00:00Z', nowMs)).toBeUndefined();
    expect(readFrom('soon', nowMs)).toBeUndefined();
  });
});
