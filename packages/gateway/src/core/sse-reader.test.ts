import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SseEvent } from './sse-reader.ts';
import { createSseReader } from './sse-reader.ts';

function read(pieces: readonly Buffer[], maxEventBytes = 1 << 20): SseEvent[] {
  const events: SseEvent[] = [];
  const reader = createSseReader({ maxEventBytes, onEvent: (event) => events.push(event) });
  for (const piece of pieces) if (!reader.push(piece)) throw new Error('too large');
  reader.end();
  return events;
}

function dataOf(text: string): string[] {
  return read([Buffer.from(text)]).map((event) => event.data);
}

const STREAMS: [what: string, text: string, data: string[]][] = [
  ['one event', 'data: a\n\n', ['a']],
  ['no space after the colon', 'data:a\n\n', ['a']],
  ['only the first space goes', 'data:  a\n\n', [' a']],
  ['several events', 'data: a\n\ndata: b\n\n', ['a', 'b']],
  ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']],
  ['CR', 'data: a\r\rdata: b\r\r', ['a', 'b']],
  ['mixed line ends', 'data: a\r\n\ndata: b\n\r\ndata: c\r\r\n', ['a', 'b', 'c']],
  ['several data lines', 'data: a\ndata: b\n\n', ['a\nb']],
  ['comments', ': hello\n\ndata: a\n: inside\n\n: bye\n\n', ['a']],
  ['extra blank lines', '\n\n\ndata: a\n\n\n\ndata: b\n\n', ['a', 'b']],
  ['other fields', 'event: x\nid: 1\nretry: 5\ndata: a\n\n', ['a']],
  ['a field without colon', 'data\n\n', ['']],
  ['a byte order mark', '\uFEFFdata: a\n\n', ['a']],
  ['characters of several bytes', 'data: ä€😀\n\n', ['ä€😀']],
  ['a stream that ends without its blank line', 'data: a\n\ndata: b', ['a', 'b']],
  ['no events', '', []],
];

test.each(STREAMS)('reads %s', (_what, text, data) => {
  expect(dataOf(text)).toEqual(data);
});

test.each(STREAMS)('reads %s alike at every byte split', (_what, text, data) => {
  const bytes = Buffer.from(text);
  for (let first = 0; first <= bytes.length; first += 1) {
    for (let second = first; second <= bytes.length; second += 1) {
      const pieces = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
      expect(read(pieces).map((event) => event.data)).toEqual(data);
    }
  }
  const single = Array.from(bytes, (byte) => Buffer.from([byte]));
  expect(read(single).map((event) => event.data)).toEqual(data);
});

test('gives the bytes of an event back where they are one plain data line, with or without a name', () => {
  const [plain, named, bare] = read([
    Buffer.from('data: {"a":1}\n\nevent: x\ndata: b\n\nevent:y\ndata:c\n\n'),
  ]);
  expect(plain?.raw?.toString()).toBe('data: {"a":1}\n\n');
  expect(plain?.dataStart).toBe(6);
  expect(named?.raw?.toString()).toBe('event: x\ndata: b\n\n');
  expect(named).toMatchObject({ name: 'x', data: 'b', dataStart: 15 });
  expect(bare).toMatchObject({ name: 'y', data: 'c', dataStart: 13 });
});

test.each([
  ['CRLF', 'data: a\r\n\r\n'],
  ['a comment', ': c\ndata: a\n\n'],
  ['a CRLF behind the name', 'event: x\r\ndata: a\n\n'],
  ['a CR inside the name', 'event: x\ry\ndata: a\n\n'],
  ['the name behind the data', 'data: a\nevent: x\n\n'],
  ['two names', 'event: x\nevent: y\ndata: a\n\n'],
  ['another field between', 'event: x\nid: 1\ndata: a\n\n'],
  ['several data lines', 'event: x\ndata: a\ndata: b\n\n'],
])('keeps the bytes of an event with %s', (_what, text) => {
  expect(read([Buffer.from(text)])[0]?.raw).toBeUndefined();
});

test('refuses an event above the bound, whole or in pieces, and takes one of exactly the bound', () => {
  const event = (bytes: number) => Buffer.from(`data: ${'x'.repeat(bytes - 8)}\n\n`);
  const accepts = (pieces: Buffer[]) => {
    const reader = createSseReader({ maxEventBytes: 100, onEvent: () => {} });
    return pieces.every((piece) => reader.push(piece));
  };
  expect(accepts([event(100)])).toBe(true);
  expect(accepts([event(101)])).toBe(false);
  expect(accepts([event(101).subarray(0, 60), event(101).subarray(60)])).toBe(false);
  expect(accepts([Buffer.alloc(101, 'x')])).toBe(false);
  expect(accepts(Array.from({ length: 50 }, () => event(100)))).toBe(true);
});

test('any bytes in any pieces give the same events as in one', () => {
  const alphabet = fc.constantFrom(
    'd',
    'data: ',
    'data:',
    '\n',
    '\r',
    '\r\n',
    '\n\n',
    ':',
    ' ',
    'é',
    'event: e\n',
    '{}',
  );
  const text = fc.array(alphabet, { maxLength: 40 }).map((parts) => Buffer.from(parts.join('')));
  fc.assert(
    fc.property(text, fc.array(fc.nat(200), { maxLength: 8 }), (bytes, cuts) => {
      const at = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
      const pieces = at.map((end, index) => bytes.subarray(at[index - 1] ?? 0, end));
      const plain = (events: SseEvent[]) => events.map(({ name, data }) => ({ name, data }));
      expect(plain(read(pieces))).toEqual(plain(read([bytes])));
    }),
    { numRuns: 2000 },
  );
});
