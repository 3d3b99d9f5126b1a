import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createReplyReader } from './reply-reader.ts';

type Reply = { status: number; parts: string[]; isChunked: boolean };

const replies: fc.Arbitrary<Reply[]> = fc.array(
  fc.record({
    status: fc.constantFrom(200, 404, 503),
    parts: fc.array(fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }), { maxLength: 4 }),
    isChunked: fc.boolean(),
  }),
  { minLength: 1, maxLength: 4 },
);

function bytesOf({ status, parts, isChunked }: Reply): Buffer {
  const head = `HTTP/1.1 ${status} Status\r\ncontent-type: text/plain\r\n`;
  if (!isChunked) {
    const body = Buffer.from(parts.join(''));
    return Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`), body]);
  }
  const chunks = parts.flatMap((part) => {
    const bytes = Buffer.from(part);
    return [Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')];
  });
  return Buffer.concat([
    Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`),
    ...chunks,
    Buffer.from('0\r\n\r\n'),
  ]);
}

it('reads replies one after the other, however their bytes arrive', () => {
  fc.assert(
    fc.property(replies, fc.infiniteStream(fc.integer({ min: 1, max: 60 })), (sent, sizes) => {
      const bytes = Buffer.concat(sent.map(bytesOf));
      const read: { status: number; body: string }[] = [];
      let body: Buffer[] = [];
      const reader = createReplyReader({
        onBody: (part) => body.push(Buffer.from(part)),
        onEnd: (status) => {
          read.push({ status, body: Buffer.concat(body).toString() });
          body = [];
        },
      });
      for (let at = 0; at < bytes.length;) {
        const size = sizes.next().value ?? 1;
        expect(reader.push(bytes.subarray(at, at + size))).toBeUndefined();
        at += size;
      }
      expect(read).toEqual(sent.map(({ status, parts }) => ({ status, body: parts.join('') })));
    }),
  );
});

it.each([
  ['a reply of unknown length', 'HTTP/1.1 200 OK\r\n\r\nrest', 'reply 200 without a length'],
  [
    'a chunk without a size',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    'a chunk without a size',
  ],
  ['a head without an end', 'x'.repeat(70_000), 'a head that does not end'],
])('says what is wrong: %s', (_name, text, problem) => {
  const reader = createReplyReader({ onBody: () => undefined, onEnd: () => undefined });
  expect(reader.push(Buffer.from(text))).toBe(problem);
});
