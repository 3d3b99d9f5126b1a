import { readdirSync, readFileSync } from 'node:fs';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Taken } from '../transport/exchange.ts';
import { openStreamReader } from './read-stream.ts';

/** Streams as the named servers write them, trimmed; the goldens beside them hold what we make of each. */
const FOLDER = new URL('./__fixtures__/', import.meta.url);
const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.txt') && !name.endsWith('.relay.txt'))
  .map((name) => name.slice(0, -'.txt'.length));

type Read = { parts: StreamPart[]; relay: string; state: Taken['state'] };

/** Reads a stream in pieces, emptied after each one as the exchange does. */
function read(pieces: readonly Buffer[], options: { relay?: boolean; replyModel?: string } = {}): Read {
  let nextCall = 0;
  const reader = openStreamReader({
    relay: options.relay ?? true,
    replyModel: options.replyModel ?? 'acme/public-name',
    maxBytes: Number.POSITIVE_INFINITY,
    newCallId: () => `call_new${nextCall++}`,
  });
  const parts: StreamPart[] = [];
  const relay: Buffer[] = [];
  let state: Taken['state'] = 'open';
  const empty = () => {
    const taken = reader.take();
    parts.push(...taken.parts);
    if (taken.relay !== undefined) relay.push(taken.relay);
    state = taken.state;
  };
  for (const piece of pieces) {
    reader.push(piece);
    empty();
  }
  reader.close();
  empty();
  return { parts, relay: Buffer.concat(relay).toString(), state };
}

describe.each(NAMES)('%s', (name) => {
  const bytes = readFileSync(new URL(`${name}.txt`, FOLDER));

  test('gives the golden parts and bytes', async () => {
    const { parts, relay, state } = read([bytes]);
    const lines = [...parts, { state }].map((line) => JSON.stringify(line)).join('\n');
    await expect(`${lines}\n`).toMatchFileSnapshot(`__fixtures__/${name}.parts.jsonl`);
    await expect(relay).toMatchFileSnapshot(`__fixtures__/${name}.relay.txt`);
  });

  test('gives the same at every byte split', () => {
    const whole = read([bytes]);
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
    }
    expect(read(Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(whole);
  });

  test('hands on nothing but complete chunks that a strict client accepts', () => {
    const { relay } = read([bytes]);
    const events = relay.split('\n\n');
    expect(events.pop()).toBe('');
    for (const [index, event] of events.entries()) {
      const chunk = JSON.parse(event.replace(/^data: /, '')) as {
        model?: string;
        usage?: unknown;
        choices: { index: number; delta: { role?: string; tool_calls?: Record<string, unknown>[] } }[];
      };
      expect(chunk.usage ?? null).toBeNull();
      expect(chunk.model ?? 'acme/public-name').toBe('acme/public-name');
      expect(chunk.choices).toHaveLength(1);
      expect(chunk.choices[0]?.index).toBe(0);
      if (index === 0) expect(chunk.choices[0]?.delta.role).toBe('assistant');
      for (const call of chunk.choices[0]?.delta.tool_calls ?? [])
        expect(call['index']).toEqual(expect.any(Number));
    }
  });

  test('damage at any place ends in parts or a fault, never in an exception or a false end', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, byte, cut) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = byte;
        const { parts, state } = read([damaged.subarray(0, cut)]);
        const finishes = parts.filter((part) => part.type === 'finish').length;
        expect(finishes).toBe(state === 'complete' ? 1 : 0);
        if (state !== 'complete') expect(state).toMatchObject({ cause: expect.any(String) as string });
      }),
      { numRuns: 300 },
    );
  });
});

test('events that need no change keep their bytes, except for the model', () => {
  const bytes = readFileSync(new URL('openai-text.txt', FOLDER)).toString();
  const events = bytes.split('\n\n').slice(0, 5);
  const expected = events.map((event) => event.replace('gpt-5.5-2026-03-04', 'acme/public-name'));
  expect(read([Buffer.from(bytes)]).relay).toBe(`${expected.join('\n\n')}\n\n`);
});

test('bytes wait for the first content, so that a failing target has shown nothing', () => {
  const reader = openStreamReader({
    relay: true,
    replyModel: undefined,
    maxBytes: 1e9,
    newCallId: () => 'c',
  });
  reader.push(Buffer.from('data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n'));
  expect(reader.take()).toEqual({ parts: [], relay: undefined, state: 'open' });
  reader.push(Buffer.from('data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'));
  const taken = reader.take();
  expect(taken.parts).toEqual([{ type: 'text-delta', text: 'x' }]);
  expect(taken.relay?.toString()).toContain('"role":"assistant"');
});

test('an endless stream of events without content is cut', () => {
  const reader = openStreamReader({
    relay: true,
    replyModel: undefined,
    maxBytes: 1e9,
    newCallId: () => 'c',
  });
  const event = Buffer.from(`data: {"x":"${'y'.repeat(100_000)}","choices":[{"index":0,"delta":{}}]}\n\n`);
  for (let count = 0; count < 12; count += 1) reader.push(event);
  expect(reader.take().state).toMatchObject({ cause: 'event-too-large' });
});

test('a stream in place of a whole reply is bounded as a whole', () => {
  const reader = openStreamReader({
    relay: false,
    replyModel: undefined,
    maxBytes: 1000,
    newCallId: () => 'c',
  });
  reader.push(Buffer.alloc(1001, ':'));
  expect(reader.take().state).toMatchObject({ cause: 'reply-too-large' });
});

test('without relay no bytes are kept', () => {
  const bytes = readFileSync(new URL('openai-tools.txt', FOLDER));
  expect(read([bytes], { relay: false }).relay).toBe('');
  expect(read([bytes], { relay: false }).parts).toEqual(read([bytes]).parts);
});
