import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeMessage, encodeMessage, fitsStream, messageBytes, RECORD_TYPES } from './frame.ts';
import type { LinkRecord } from './frame.ts';
import { LINK_LIMITS } from './limits.ts';

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });

const anyRecord: fc.Arbitrary<LinkRecord> = fc.record({
  type: fc.integer({ min: 0, max: 255 }),
  flags: fc.integer({ min: 0, max: 0xffff }),
  stream: u32,
  seq: fc.integer({ min: 1, max: 0xffff_ffff }),
  body: fc.uint8Array({ maxLength: 300 }),
});

/** A view into a larger buffer, as sockets give them. */
function asView(message: Uint8Array): Uint8Array {
  const buffer = new Uint8Array(message.length + 40).fill(0xee);
  buffer.set(message, 24);
  return buffer.subarray(24, 24 + message.length);
}

test('any records come back as they were, from any place in a buffer', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 60 }), (records) => {
      const message = asView(encodeMessage(records));
      expect(message.byteLength).toBe(messageBytes(records));
      const decoded = decodeMessage(message);
      expect(
        decoded.ok && decoded.records.map((record) => ({ ...record, body: Uint8Array.from(record.body) })),
      ).toEqual(records);
    }),
  );
});

test('any packing of the same records gives the same records', () => {
  fc.assert(
    fc.property(
      fc.array(anyRecord, { minLength: 1, maxLength: 20 }),
      fc.array(fc.boolean()),
      (records, cuts) => {
        const groups: LinkRecord[][] = [[]];
        records.forEach((record, index) => {
          groups.at(-1)?.push(record);
          if (cuts[index] === true) groups.push([]);
        });
        const seen = groups
          .filter((group) => group.length > 0)
          .flatMap((group) => {
            const decoded = decodeMessage(encodeMessage(group));
            return decoded.ok ? decoded.records : [];
          });
        expect(seen.map((record) => record.seq)).toEqual(records.map((record) => record.seq));
      },
    ),
  );
});

test('the header is 16 bytes in the documented order', () => {
  const message = encodeMessage([
    {
      type: RECORD_TYPES.data,
      flags: 0x0102,
      stream: 0x03040506,
      seq: 0x0708090a,
      body: Uint8Array.of(0xff),
    },
  ]);
  expect([...message]).toEqual([1, 19, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 0, 0, 1, 0xff]);
});

test('bodies are views, not copies', () => {
  const message = encodeMessage([{ type: 1, flags: 0, stream: 0, seq: 1, body: Uint8Array.of(7, 8) }]);
  const decoded = decodeMessage(message);
  expect(decoded.ok && decoded.records[0]?.body.buffer).toBe(message.buffer);
});

test('any bytes give records within the message or a typed error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), fc.boolean(), (bytes, isNearlyRight) => {
      if (isNearlyRight && bytes.length > 12) bytes.set([1, 19, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0]);
      const decoded = decodeMessage(bytes);
      if (decoded.ok) expect(messageBytes(decoded.records)).toBe(bytes.length);
      else expect(decoded.error).toMatch(/^(empty|truncated|bad-version|bad-seq|message-too-large)$/);
    }),
    { numRuns: 2_000 },
  );
});

const good = encodeMessage([{ type: 19, flags: 0, stream: 1, seq: 1, body: new Uint8Array(4) }]);

function changed(at: number, value: number): Uint8Array {
  const copy = good.slice();
  copy[at] = value;
  return copy;
}

test.each([
  ['empty', new Uint8Array(0)],
  ['truncated', good.subarray(0, 15)],
  ['truncated', good.subarray(0, 19)],
  ['truncated', changed(12, 0xff)],
  ['truncated', Uint8Array.of(...good, 1)],
  ['bad-version', changed(0, 2)],
  ['bad-seq', changed(11, 0)],
  ['message-too-large', new Uint8Array(LINK_LIMITS.messageMaxBytes + 1)],
])('refuses %s', (error, message) => {
  expect(decodeMessage(message)).toEqual({ ok: false, error });
});

test('the largest body fits into a message of its own, one byte more does not', () => {
  const record = (bytes: number): LinkRecord => ({
    type: 19,
    flags: 0,
    stream: 1,
    seq: 1,
    body: new Uint8Array(bytes),
  });
  expect(decodeMessage(encodeMessage([record(LINK_LIMITS.recordBodyMaxBytes)])).ok).toBe(true);
  expect(() => encodeMessage([record(LINK_LIMITS.recordBodyMaxBytes + 1)])).toThrow(RangeError);
});

test('every type has its streams: 0 for the connection, odd for jobs, both for WINDOW', () => {
  const jobTypes = new Set([
    'offer',
    'accept',
    'reject',
    'data',
    'alive',
    'finish',
    'fail',
    'cancel',
    'cancelled',
    'progress',
  ]);
  for (const [name, type] of Object.entries(RECORD_TYPES)) {
    const isJob = jobTypes.has(name);
    expect([name, fitsStream(type, 0)]).toEqual([name, !isJob]);
    expect([name, fitsStream(type, 7)]).toEqual([name, isJob || name === 'window']);
    expect([name, fitsStream(type, 8)]).toEqual([name, false]);
  }
});
