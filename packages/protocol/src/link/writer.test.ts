import fc from 'fast-check';
import { expect, test } from 'vitest';
import { consumeBytes, createReceiveWindow, receiveBytes, takeGrant } from './flow.ts';
import { decodeMessage, RECORD_FLAGS, RECORD_TYPES } from './frame.ts';
import type { LinkRecord } from './frame.ts';
import { LINK_LIMITS } from './limits.ts';
import { LinkWriter } from './writer.ts';
import type { WriterLine } from './writer.ts';

/** A writer whose messages are collected, and whose socket's buffer the test sets. */
function setUp(keepsUnacknowledged = false) {
  const records: LinkRecord[] = [];
  const messages: number[] = [];
  const state = { bufferedBytes: 0, overflows: 0, sentOn: [] as number[] };
  const writer = new LinkWriter({
    schedule: () => undefined,
    onOverflow: () => {
      state.overflows += 1;
    },
    onSent: (stream) => state.sentOn.push(stream),
  });
  const line: WriterLine = {
    send(message, sent) {
      messages.push(message.byteLength);
      const decoded = decodeMessage(message);
      if (!decoded.ok) throw new Error(decoded.error);
      records.push(...decoded.records);
      sent();
    },
    bufferedBytes: () => state.bufferedBytes,
  };
  writer.attach(line, { sentRecords: 0, keepsUnacknowledged });
  const shape = (): string[] => records.map((record) => `${record.stream}:${record.type}:${record.seq}`);
  return { writer, line, records, messages, state, shape };
}

const numbered = (length: number, from: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (from + at) % 251);

test('any interleaving of data, grants and flushes delivers all bytes of all streams in order', () => {
  const step = fc.oneof(
    fc.record({
      act: fc.constant('data' as const),
      stream: fc.constantFrom(1, 3, 5),
      bytes: fc.integer({ min: 1, max: 200_000 }),
    }),
    fc.record({
      act: fc.constant('whole' as const),
      stream: fc.constantFrom(1, 3, 5),
      bytes: fc.integer({ min: 1, max: 60_000 }),
    }),
    fc.record({
      act: fc.constantFrom('flush' as const, 'read' as const, 'control' as const),
      stream: fc.constantFrom(1, 3, 5),
      bytes: fc.nat(9),
    }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const { writer, records, messages } = setUp();
      const windows = new Map(
        [0, 1, 3, 5].map((stream) => [
          stream,
          createReceiveWindow(
            stream === 0 ? LINK_LIMITS.connectionWindowBytes : LINK_LIMITS.streamWindowBytes,
          ),
        ]),
      );
      const wanted = new Map<number, number>();
      const got = new Map<number, number>();
      let readAt = 0;
      for (const stream of [1, 3, 5]) writer.open(stream);

      const take = (stream: number, bytes: number): void => {
        const window = windows.get(stream);
        if (window === undefined) throw new Error('no window');
        expect(receiveBytes(window, bytes)).toBe(true);
        consumeBytes(window, bytes);
        const grant = takeGrant(window);
        if (grant > 0) expect(writer.grant(stream, grant)).toBe(true);
      };
      /** The far side reads all that has arrived, checks each byte, and grants. */
      const read = (): void => {
        for (; readAt < records.length; readAt += 1) {
          const record = records[readAt];
          if (record === undefined || record.type !== RECORD_TYPES.data) continue;
          const at = got.get(record.stream) ?? 0;
          expect(Buffer.compare(record.body, numbered(record.body.length, at))).toBe(0);
          got.set(record.stream, at + record.body.length);
          take(0, record.body.length);
          take(record.stream, record.body.length);
        }
      };
      for (const { act, stream, bytes } of steps) {
        if (act === 'data' || act === 'whole') {
          const at = wanted.get(stream) ?? 0;
          writer.data(stream, numbered(bytes, at), act === 'data');
          wanted.set(stream, at + bytes);
        } else if (act === 'flush') writer.flush();
        else if (act === 'read') read();
        else writer.control(RECORD_TYPES.alive, stream);
      }
      for (
        let rounds = 0;
        rounds < 200 && [1, 3, 5].some((stream) => writer.queuedBytes(stream) > 0);
        rounds += 1
      ) {
        writer.flush();
        read();
      }
      writer.flush();
      read();
      for (const stream of [1, 3, 5]) expect(got.get(stream) ?? 0).toBe(wanted.get(stream) ?? 0);
      for (const bytes of messages) expect(bytes).toBeLessThanOrEqual(LINK_LIMITS.messageMaxBytes);
      const seqs = new Map<number, number>();
      for (const record of records) {
        expect(record.seq).toBe((seqs.get(record.stream) ?? 0) + 1);
        seqs.set(record.stream, record.seq);
      }
    }),
    { numRuns: 60 },
  );
});

test('control goes first and streams take turns, all in one message', () => {
  const { writer, messages, shape } = setUp();
  for (const stream of [1, 3]) {
    writer.open(stream);
    writer.data(stream, new Uint8Array(10), false);
    writer.data(stream, new Uint8Array(10), false);
  }
  writer.control(RECORD_TYPES.ping, 0, new Uint8Array(8));
  writer.flush();
  expect(shape()).toEqual(['0:33:1', '1:19:1', '3:19:1', '1:19:2', '3:19:2']);
  expect(messages).toHaveLength(1);
});

test('a stream without credit stops alone; the others and control go on', () => {
  const { writer, records } = setUp();
  writer.open(1);
  writer.open(3);
  writer.data(1, new Uint8Array(1_000_000), true);
  writer.flush();
  const sentOn = (stream: number): number =>
    records.filter((record) => record.stream === stream).reduce((sum, record) => sum + record.body.length, 0);
  expect(sentOn(1)).toBe(LINK_LIMITS.streamWindowBytes);
  writer.data(3, new Uint8Array(77), false);
  writer.control(RECORD_TYPES.cancel, 1);
  writer.flush();
  expect(sentOn(3)).toBe(77);
  expect(records.at(-2)?.type).toBe(RECORD_TYPES.cancel);
  expect(writer.grant(1, 100)).toBe(true);
  writer.flush();
  expect(sentOn(1)).toBe(LINK_LIMITS.streamWindowBytes + 100);
});

test('the connection window holds all streams together', () => {
  const { writer, records } = setUp();
  const count = LINK_LIMITS.connectionWindowBytes / LINK_LIMITS.streamWindowBytes + 3;
  for (let at = 0; at < count; at += 1) {
    writer.open(at * 2 + 1);
    writer.data(at * 2 + 1, new Uint8Array(LINK_LIMITS.streamWindowBytes), true);
  }
  writer.flush();
  const sum = (): number => records.reduce((total, record) => total + record.body.length, 0);
  expect(sum()).toBe(LINK_LIMITS.connectionWindowBytes);
  writer.grant(0, 50_000);
  writer.flush();
  expect(sum()).toBe(LINK_LIMITS.connectionWindowBytes + 50_000);
});

test('nothing is handed to a full socket', () => {
  const { writer, records, state } = setUp();
  state.bufferedBytes = LINK_LIMITS.socketBufferMaxBytes;
  writer.control(RECORD_TYPES.ping, 0, new Uint8Array(8));
  writer.flush();
  expect(records).toHaveLength(0);
  state.bufferedBytes = 0;
  writer.flush();
  expect(records).toHaveLength(1);
});

test('control records that nobody takes end in an overflow, once', () => {
  const { writer, state } = setUp();
  state.bufferedBytes = LINK_LIMITS.socketBufferMaxBytes;
  for (let at = 0; at < 100; at += 1)
    writer.slicedControl(RECORD_TYPES.capabilities, 0, new Uint8Array(65_000));
  expect(state.overflows).toBe(1);
});

test('the last record of a stream follows its data; then the stream is forgotten', () => {
  const { writer, shape } = setUp();
  writer.open(1);
  writer.data(1, new Uint8Array(5), false);
  writer.end(1, RECORD_TYPES.finish);
  writer.data(1, new Uint8Array(5), false);
  writer.flush();
  expect(shape()).toEqual(['1:19:1', '1:21:2']);
  expect(writer.knows(1)).toBe(false);
  expect(writer.hasOpenStreams()).toBe(false);
  writer.control(RECORD_TYPES.alive, 1);
  writer.flush();
  expect(shape()).toHaveLength(2);
});

test('dropped data does not leave, the cancel does, and the stream goes', () => {
  const { writer, shape } = setUp();
  writer.open(1);
  writer.data(1, new Uint8Array(5), true);
  writer.dropData(1);
  writer.control(RECORD_TYPES.cancel, 1);
  writer.close(1);
  expect(writer.knows(1)).toBe(true);
  writer.flush();
  expect(shape()).toEqual(['1:23:1']);
  expect(writer.knows(1)).toBe(false);
});

test('a long control body leaves in slices, the last one marked', () => {
  const { writer, records } = setUp();
  writer.slicedControl(RECORD_TYPES.capabilities, 0, numbered(150_000, 0));
  writer.flush();
  expect(records.map((record) => record.flags & RECORD_FLAGS.end)).toEqual([0, 0, RECORD_FLAGS.end]);
  expect(Buffer.concat(records.map((record) => record.body)).equals(numbered(150_000, 0))).toBe(true);
});

test('after stop nothing leaves', () => {
  const { writer, records } = setUp();
  writer.open(1);
  writer.data(1, new Uint8Array(5), true);
  writer.stop();
  writer.control(RECORD_TYPES.ping, 0);
  writer.flush();
  expect(records).toHaveLength(0);
});

test('what has left is kept until it is acknowledged, and no more leaves than may be kept', () => {
  const { writer, records } = setUp(true);
  writer.open(1);
  const bodyBytes = 60_000;
  for (let at = 0; at < 20; at += 1) writer.data(1, numbered(bodyBytes, 0), false);
  for (let at = 0; at < 20; at += 1) {
    writer.flush();
    writer.grant(1, bodyBytes);
    writer.grant(0, bodyBytes);
  }
  const kept = Math.floor(LINK_LIMITS.unackedMaxBytes / (bodyBytes + LINK_LIMITS.recordHeaderBytes));
  expect(records).toHaveLength(kept);
  expect(writer.keptBytes(1)).toBe(20 * bodyBytes + kept * LINK_LIMITS.recordHeaderBytes);
  expect(writer.acknowledge({ stream: 1, seq: 3 })).toBe(true);
  expect(writer.acknowledge({ stream: 1, seq: 2 })).toBe(true);
  expect(writer.acknowledge({ stream: 1, seq: 99 })).toBe(false);
  expect(writer.acknowledge({ stream: 7, seq: 99 })).toBe(true);
  writer.flush();
  expect(records).toHaveLength(20);
});

test('a stream is gone when its last record was acknowledged, or when it is forgotten', () => {
  const { writer } = setUp(true);
  for (const stream of [1, 3]) {
    writer.open(stream);
    writer.data(stream, new Uint8Array(5), false);
    writer.end(stream, RECORD_TYPES.finish);
  }
  expect(writer.hasDataWaiting(1)).toBe(true);
  writer.flush();
  expect([writer.hasDataWaiting(1), writer.knows(1)]).toEqual([false, true]);
  writer.acknowledge({ stream: 1, seq: 1 });
  expect(writer.keptBytes(1)).toBeGreaterThan(0);
  writer.acknowledge({ stream: 1, seq: 2 });
  expect(writer.keptBytes(1)).toBe(0);
  expect(writer.hasOpenStreams()).toBe(true);
  writer.forget(3);
  expect(writer.hasOpenStreams()).toBe(false);
});

test('on another connection the numbers of the connection start anew, and what was lost goes before what is new', () => {
  const { writer, line, shape, records } = setUp(true);
  writer.open(1);
  writer.control(RECORD_TYPES.ping, 0, new Uint8Array(8));
  writer.data(1, Uint8Array.of(1), false);
  writer.data(1, Uint8Array.of(2), false);
  writer.flush();
  writer.control(RECORD_TYPES.ping, 0, new Uint8Array(8));
  writer.detach();
  writer.control(RECORD_TYPES.status, 0);
  writer.data(1, Uint8Array.of(3), false);
  writer.control(RECORD_TYPES.alive, 1);
  writer.flush();
  expect(shape()).toEqual(['0:33:1', '1:19:1', '1:19:2']);
  records.length = 0;
  writer.attach(line, { sentRecords: 1, keepsUnacknowledged: true });
  expect(writer.replay([{ stream: 1, seq: 1 }])).toBe(true);
  writer.control(RECORD_TYPES.pong, 0, new Uint8Array(8));
  writer.flush();
  expect(shape()).toEqual(['0:34:2', '1:19:2', '1:20:3', '1:19:4']);
  expect(records.map((record) => record.body[0])).toEqual([0, 2, undefined, 3]);
});

test('a replay of more than the window of the connection waits for credit, and the connection speaks meanwhile', () => {
  const { writer, line, records } = setUp(true);
  const streams = Array.from({ length: 20 }, (_, at) => at * 2 + 1);
  const bytes = LINK_LIMITS.streamWindowBytes;
  for (const stream of streams) {
    writer.open(stream);
    writer.data(stream, new Uint8Array(bytes), true);
    writer.flush();
    writer.grant(0, bytes);
  }
  const total = streams.length * bytes;
  const sum = (): number => records.reduce((all, record) => all + record.body.length, 0);
  expect(sum()).toBe(total);
  records.length = 0;
  writer.attach(line, { sentRecords: 0, keepsUnacknowledged: true });
  expect(writer.replay([])).toBe(true);
  writer.flush();
  expect(sum()).toBeLessThanOrEqual(LINK_LIMITS.connectionWindowBytes);
  expect(sum()).toBeGreaterThan(LINK_LIMITS.connectionWindowBytes - LINK_LIMITS.recordBodyMaxBytes);
  writer.control(RECORD_TYPES.ping, 0);
  writer.control(RECORD_TYPES.cancel, 1);
  writer.flush();
  expect(records.at(-1)?.type).toBe(RECORD_TYPES.ping);
  writer.forget(39);
  writer.grant(0, sum());
  writer.flush();
  expect(sum()).toBe(total - bytes);
  expect(records.at(-1)?.type).toBe(RECORD_TYPES.cancel);
});

test('a far side that takes an acknowledgement back, or has more than was sent, cannot go on', () => {
  const { writer, line } = setUp(true);
  writer.open(1);
  for (let at = 0; at < 3; at += 1) writer.data(1, Uint8Array.of(at), false);
  writer.flush();
  writer.acknowledge({ stream: 1, seq: 2 });
  for (const received of [[], [{ stream: 1, seq: 1 }], [{ stream: 1, seq: 4 }]]) {
    writer.attach(line, { sentRecords: 0, keepsUnacknowledged: true });
    expect(writer.replay(received)).toBe(false);
  }
});
