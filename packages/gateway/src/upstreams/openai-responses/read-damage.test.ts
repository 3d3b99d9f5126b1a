import type { StreamPart } from '@switchyard/protocol/parts.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isApiError } from '../../testing/fake-openai/api-error.ts';
import { askedOfResponses } from '../../testing/fake-openai/check-responses.ts';
import { responseEvents, wholeResponse } from '../../testing/fake-openai/responses-reply.ts';
import { scriptOf } from '../../testing/fake-openai/scenarios.ts';
import type { ReplyReader } from '../transport/exchange.ts';
import { UPSTREAM_CAUSES } from '../transport/fault-causes.ts';
import { openStreamReader } from './read-stream.ts';
import { openWholeReader } from './read-whole.ts';
import { joined, readAll } from './testing-requests.ts';

/** Replies of the provider, as its documentation describes them. */
function reply(scenario: string, stream: boolean): Buffer {
  const body = {
    model: `gpt-5.4#${scenario}`,
    stream,
    input: 'What is the weather? Ünïcödé 😀',
    instructions: 'Be "brief".\n',
    tools: [{ type: 'function', name: 'weather', strict: false, parameters: { type: 'object' } }],
    reasoning: { summary: 'auto' },
  };
  const asked = askedOfResponses({ ...body });
  const script = isApiError(asked) ? asked : scriptOf(asked);
  if (isApiError(asked) || isApiError(script)) throw new Error('the fake refuses its own fixture');
  return Buffer.from(
    stream ? responseEvents(asked, script, body).join('') : wholeResponse(asked, script, body),
  );
}

const STREAMS = ['thinking', 'parallel-tools'].map((model) => [model, reply(model, true)] as const);

const openStream = (relay: boolean): ReplyReader =>
  openStreamReader({ relay, replyModel: 'public', maxBytes: 1e9 });

const summaryOf = (bytes: readonly Buffer[], relay: boolean) => {
  const { parts, relay: handedOn, last, state } = readAll(openStream(relay), bytes);
  return { parts: joined(parts), relay: Buffer.concat(handedOn).toString(), last, state };
};

describe.each(STREAMS)('%s', (_model, bytes) => {
  // Compared as text: thousands of deep comparisons would take longer than all reading.
  test.each([true, false])('is the same at every byte split, handed on: %s', (relay) => {
    const textOf = (pieces: readonly Buffer[]) => JSON.stringify(summaryOf(pieces, relay));
    const whole = textOf([bytes]);
    const splits = Array.from({ length: bytes.length + 1 }, (_, at) => at);
    const other = splits.filter((at) => textOf([bytes.subarray(0, at), bytes.subarray(at)]) !== whole);
    expect(summaryOf([bytes], relay).state).toBe('complete');
    expect(other).toEqual([]);
    expect(textOf(Array.from(bytes, (byte) => Buffer.from([byte])))).toBe(whole);
  });

  test('cut anywhere before its end, it is a fault', () => {
    const cuts = Array.from({ length: bytes.lastIndexOf('}') }, (_, at) => at);
    const believed = cuts.filter((at) => {
      const { parts, state } = summaryOf([bytes.subarray(0, at)], true);
      const isFault = typeof state === 'object' && state.cause === 'truncated';
      return !isFault || parts.at(-1)?.type === 'finish';
    });
    expect(believed).toEqual([]);
  });
});

type Damage = {
  at: number;
  kind: 'flip' | 'drop' | 'insert' | 'cut' | 'double';
  byte: number;
  length: number;
};

const damageArbitrary = fc.record<Damage>({
  at: fc.nat(1 << 20),
  kind: fc.constantFrom('flip', 'drop', 'insert', 'cut', 'double'),
  byte: fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('{}[]":,\\\n\r '))),
  length: fc.integer({ min: 1, max: 300 }),
});

function damaged(bytes: Buffer, { at: anywhere, kind, byte, length }: Damage): Buffer {
  const at = anywhere % bytes.length;
  const before = bytes.subarray(0, at);
  switch (kind) {
    case 'flip':
      return Buffer.concat([before, Buffer.from([byte]), bytes.subarray(at + 1)]);
    case 'drop':
      return Buffer.concat([before, bytes.subarray(at + length)]);
    case 'insert':
      return Buffer.concat([before, Buffer.from([byte]), bytes.subarray(at)]);
    case 'cut':
      return before;
    case 'double':
      return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
  }
}

/** The rules of parts: calls begin before they go on, their indexes have no gaps, `finish` comes once and last. */
function expectOrder(parts: readonly StreamPart[]): void {
  let calls = 0;
  for (const [at, part] of parts.entries()) {
    if (part.type === 'tool-call-start') {
      expect(part.index).toBe(calls);
      calls += 1;
    } else if (part.type === 'tool-call-delta') expect(part.index).toBeLessThan(calls);
    else if (part.type === 'finish') expect(at).toBe(parts.length - 1);
  }
}

test('any damage to a stream ends in one end with parts in order, or in one fault', () => {
  const scenario = fc.constantFrom(...STREAMS.map(([model]) => model));
  const streams = new Map<string, Buffer>(STREAMS);
  fc.assert(
    fc.property(scenario, damageArbitrary, fc.boolean(), fc.nat(400), (model, damage, relay, cut) => {
      const broken = damaged(streams.get(model) ?? Buffer.alloc(0), damage);
      const pieces = [broken.subarray(0, cut), broken.subarray(cut)];
      const { parts, last, state } = readAll(openStream(relay), pieces);
      expectOrder(parts);
      const isComplete = state === 'complete';
      expect(parts.at(-1)?.type === 'finish').toBe(isComplete);
      if (!isComplete) {
        expect(typeof state === 'object' && UPSTREAM_CAUSES.includes(state.cause)).toBe(true);
        return;
      }
      // An end is only believed of an event that is whole and says so to every parser.
      if (!relay) return;
      // A space behind the colon may be missing: it belongs to the format and not to the value.
      const data = /^event: ?response\.(completed|incomplete)\ndata: ?(.*)\n\n$/s.exec(last?.relay ?? '');
      expect(JSON.parse(data?.[2] ?? '')).toMatchObject({ type: `response.${data?.[1]}` });
    }),
    { numRuns: 1_500 },
  );
});

test('a stream loses at most what was damaged', () => {
  const bytes = reply('plain', true);
  const { parts: whole } = summaryOf([bytes], false);
  const text = (parts: readonly StreamPart[]) =>
    parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join('');
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
      const { parts, state } = summaryOf([damaged(bytes, { at, kind: 'flip', byte, length: 1 })], false);
      if (state === 'complete') expect(text(parts).length).toBeGreaterThan(text(whole).length - 15);
    }),
    { numRuns: 500 },
  );
});

test('any damage to a whole reply ends in one end or one fault', () => {
  const scenario = fc.constantFrom('plain', 'thinking', 'parallel-tools');
  fc.assert(
    fc.property(scenario, damageArbitrary, fc.boolean(), (model, damage, relay) => {
      const reader = openWholeReader({ relay, replyModel: 'public' });
      const { parts, state, last } = readAll(reader, [damaged(reply(model, false), damage)]);
      expectOrder(parts);
      expect(parts.at(-1)?.type === 'finish').toBe(state === 'complete');
      if (relay && state === 'complete') expect(() => JSON.parse(last?.relay ?? '') as unknown).not.toThrow();
    }),
    { numRuns: 1_000 },
  );
});
