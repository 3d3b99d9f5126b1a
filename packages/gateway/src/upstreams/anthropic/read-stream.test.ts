import { readdirSync, readFileSync } from 'node:fs';
import { isContentPart } from '@switchyard/protocol/parts.ts';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Taken } from '../transport/exchange.ts';
import { openStreamReader } from './read-stream.ts';

/** Streams as the API writes them (its documentation, trimmed), and as services that copy it get it wrong. */
const FOLDER = new URL('./__fixtures__/', import.meta.url);
const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.txt') && !name.endsWith('.relay.txt'))
  .map((name) => name.slice(0, -'.txt'.length));

type Options = { relay?: boolean; replyModel?: string; maxBytes?: number };

function open({ relay = true, replyModel = 'acme/public', maxBytes = 1e9 }: Options = {}) {
  const names = { toClient: (name: string) => name };
  return openStreamReader({ relay, replyModel, estimatedInputTokens: 12, names, maxBytes });
}

type Read = { parts: StreamPart[]; relay: string; state: Taken['state'] };

/** Reads a stream in pieces, emptied after each one as the exchange does. */
function read(pieces: readonly Buffer[], options: Options = {}): Read {
  const reader = open(options);
  const parts: StreamPart[] = [];
  const relay: Buffer[] = [];
  let state: Taken['state'] = 'open';
  const empty = () => {
    const taken = reader.take();
    if (parts.length === 0 && taken.parts.length > 0) {
      expect(taken.parts.some((part) => isContentPart(part) || part.type === 'finish')).toBe(true);
    }
    if (parts.length === 0 && taken.parts.length === 0) expect(taken.relay).toBeUndefined();
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

const fixture = (name: string) => readFileSync(new URL(`${name}.txt`, FOLDER));

describe.each(NAMES)('%s', (name) => {
  const bytes = fixture(name);

  test('gives the golden parts and bytes', async () => {
    const { parts, relay, state } = read([bytes]);
    const lines = [...parts, { state }].map((line) => JSON.stringify(line)).join('\n');
    await expect(`${lines}\n`).toMatchFileSnapshot(`__fixtures__/${name}.parts.jsonl`);
    await expect(relay).toMatchFileSnapshot(`__fixtures__/${name}.relay.txt`);
  });

  test('gives the same at every byte split', () => {
    for (const relay of [true, false]) {
      const whole = JSON.stringify(read([bytes], { relay }));
      for (let at = 0; at <= bytes.length; at += 1) {
        const split = read([bytes.subarray(0, at), bytes.subarray(at)], { relay });
        expect(JSON.stringify(split)).toBe(whole);
      }
    }
  });

  test('hands on nothing but complete events that a strict client accepts', () => {
    const { relay, state } = read([bytes]);
    const events = relay.split('\n\n');
    expect(events.pop()).toBe('');
    const open = new Set<number>();
    let blocks = 0;
    for (const [place, event] of events.entries()) {
      const [, eventName, data = ''] = /^event: (\w+)\ndata: ([^\n]*)$/.exec(event) ?? [];
      const value = JSON.parse(data) as { type: string; index: number; message: Record<string, unknown> };
      expect(value.type).toBe(eventName);
      expect(['ping', 'error', 'message_stop']).not.toContain(eventName);
      expect(eventName === 'message_start').toBe(place === 0);
      if (place === 0) {
        expect(value.message['model']).toBe('acme/public');
        expect(value.message['usage']).toMatchObject({ input_tokens: expect.any(Number) as number });
      }
      if (eventName === 'content_block_start') {
        expect(value.index).toBe(blocks++);
        open.add(value.index);
      } else if (eventName?.startsWith('content_block')) expect(open).toContain(value.index);
    }
    expect(events.at(-1)?.startsWith('event: message_delta') ?? false).toBe(state === 'complete');
  });

  test('without relay no bytes are kept', () => {
    expect(read([bytes], { relay: false }).relay).toBe('');
  });
});

test('the bytes of the API go through as they came, but for the model, pings and the last event', () => {
  const text = fixture('web-search').toString();
  const expected = text
    .replace('"claude-opus-4-8"', '"acme/public"')
    .replace(/event: message_stop\n[^\n]*\n\n/, '');
  expect(read([Buffer.from(text)]).relay).toBe(expected);
});

describe('damage', () => {
  type Damaged = { bytes: Buffer; isFramed: boolean };

  function damaged(bytes: Buffer, at: number, byte: number, how: string): Damaged {
    const before = bytes.subarray(0, at);
    if (how === 'cut') return { bytes: before, isFramed: false };
    const behind = bytes.subarray(how === 'insert' ? at : at + 1);
    const added = how === 'drop' ? [] : [Buffer.from([byte])];
    // Where no line break comes or goes, the events are still told apart.
    const isFramed = bytes[at] !== 0x0a && (how === 'drop' || (byte !== 0x0a && byte !== 0x0d));
    return { bytes: Buffer.concat([before, ...added, behind]), isFramed };
  }

  /** A second, simple reader: all texts in order, or undefined when an event is no JSON or of no known type. */
  function textsOf(bytes: Buffer): string | undefined {
    let texts = '';
    for (const event of bytes.toString().split('\n\n').filter(Boolean)) {
      const data = event.split('\n').flatMap((line) => (line.startsWith('data:') ? [line.slice(5)] : []));
      if (data.length === 0) continue;
      try {
        const value = JSON.parse(data.join('\n')) as {
          type?: string;
          content_block?: { type?: string; text?: string };
          delta?: { type?: string; text?: string };
        };
        if (value.type === 'message_stop') return texts;
        if (value.type === 'content_block_start' && value.content_block?.type === 'text')
          texts += value.content_block.text ?? '';
        if (value.type === 'content_block_delta' && value.delta?.type === 'text_delta')
          texts += value.delta.text ?? '';
      } catch {
        return undefined;
      }
    }
    return undefined;
  }

  test.each(['text', 'tools', 'thinking', 'web-search'])(
    'any damaged byte of %s ends in a fault, or in an end with what the bytes say',
    (name) => {
      const bytes = fixture(name);
      fc.assert(
        fc.property(
          fc.nat(bytes.length - 1),
          fc.nat(255),
          fc.constantFrom('flip', 'drop', 'cut', 'insert'),
          fc.boolean(),
          (at, byte, how, relay) => {
            const { bytes: broken, isFramed } = damaged(bytes, at, byte, how);
            const { parts, state } = read([broken], { relay });
            const finishes = parts.filter((part) => part.type === 'finish').length;
            expect(finishes).toBe(state === 'complete' ? 1 : 0);
            if (state !== 'complete') {
              expect(state).toMatchObject({ cause: expect.any(String) as string });
              return;
            }
            expect(parts.at(-1)?.type).toBe('finish');
            const texts = parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join('');
            if (isFramed) expect(texts).toBe(textsOf(broken));
            const starts = parts.flatMap((part) => (part.type === 'tool-call-start' ? [part.index] : []));
            expect(starts).toEqual(starts.map((_, index) => index));
          },
        ),
        { numRuns: 1_000 },
      );
    },
  );
});

describe('bounds', () => {
  const START = 'event: message_start\ndata: {"type":"message_start","message":{}}\n\n';
  const seal = `event: content_block_start\ndata: {"type":"content_block_start","index":%,"content_block":{"type":"redacted_thinking","data":"${'y'.repeat(100_000)}"}}\n\n`;

  test.each([true, false])('an endless stream without content is cut, with relay: %s', (relay) => {
    const reader = open({ relay });
    reader.push(Buffer.from(START));
    for (let count = 0; count < 12; count += 1) reader.push(Buffer.from(seal.replace('%', String(count))));
    expect(reader.take().state).toMatchObject({ cause: 'event-too-large' });
  });

  test('an endless end is cut', () => {
    const reader = open();
    const delta = { type: 'message_delta', delta: { stop_reason: 'end_turn', x: 'y'.repeat(100_000) } };
    reader.push(fixture('no-delta'));
    reader.take();
    for (let count = 0; count < 12; count += 1)
      reader.push(Buffer.from(`event: message_delta\ndata: ${JSON.stringify(delta)}\n\n`));
    expect(reader.take().state).toMatchObject({ cause: 'event-too-large' });
  });

  test('blocks that are never closed are not kept without end', () => {
    const reader = open();
    const block = (index: number) =>
      `data: {"type":"content_block_start","index":${index},"content_block":{"type":"text","text":"x"}}\n\n`;
    reader.push(Buffer.from(START));
    for (let index = 0; index < 600; index += 1) {
      reader.push(Buffer.from(block(index)));
      reader.take();
    }
    expect(reader.take().state).toMatchObject({ cause: 'bad-event' });
  });

  test('a stream in place of a whole reply is bounded as a whole', () => {
    const reader = open({ maxBytes: 1_000 });
    reader.push(Buffer.alloc(1_001, ':'));
    expect(reader.take().state).toMatchObject({ cause: 'reply-too-large' });
  });

  test('a name of an event that is no name is not written', () => {
    const evil = { type: 'x\n\ndata: {"type":"message_stop"}', y: 1 };
    const [, ...rest] = fixture('text')
      .toString()
      .split(/(?<=\n\n)/);
    const bytes = [START, `data: ${JSON.stringify(evil)}\n\n`, ...rest].join('');
    const { relay, state } = read([Buffer.from(bytes)]);
    expect(relay).not.toContain('message_stop');
    expect(state).toBe('complete');
  });
});

test('silence, signs of work and the end are told apart', () => {
  const reader = open();
  const state = (text: string) => {
    reader.push(Buffer.from(text));
    return reader.take().state;
  };
  const [start = '', block = '', ping = ''] = fixture('thinking-omitted')
    .toString()
    .split(/(?<=\n\n)/);
  expect(state(start)).toBe('working');
  expect(state(block)).toBe('working');
  expect(state(ping)).toBe('open');
  expect(state(': comment\n\n')).toBe('open');
});
