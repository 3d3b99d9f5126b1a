import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RECORD_TYPES } from './frame.ts';
import type { LinkRecord } from './frame.ts';
import { LINK_LIMITS } from './limits.ts';
import {
  acknowledge,
  createReceived,
  createSentLog,
  isAckDue,
  isAllAcknowledged,
  logSent,
  takeAck,
  takeSeq,
  unreceived,
} from './replay.ts';

const recordOf = (seq: number, body = new Uint8Array(1)): LinkRecord => ({
  type: RECORD_TYPES.data,
  flags: 0,
  stream: 1,
  seq,
  body,
});

test('wherever a connection is cut and whatever was under way, each record is taken once and in order', () => {
  const step = fc.record({
    act: fc.constantFrom(
      'send' as const,
      'arrive' as const,
      'ack' as const,
      'acked' as const,
      'cut' as const,
    ),
    count: fc.integer({ min: 1, max: 300 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const log = createSentLog();
      const received = createReceived();
      let sent = 0;
      let line: LinkRecord[] = [];
      let acks: number[] = [];
      const taken: number[] = [];
      const arrive = (count: number): void => {
        for (const record of line.splice(0, count)) {
          expect(takeSeq(received, record)).toBe(true);
          taken.push(record.seq);
        }
      };
      for (const { act, count } of steps) {
        switch (act) {
          case 'send':
            for (let at = 0; at < count; at += 1) {
              const record = recordOf((sent += 1));
              logSent(log, record);
              line.push(record);
            }
            break;
          case 'arrive':
            arrive(count);
            break;
          case 'ack': {
            const seq = takeAck(received);
            if (seq !== undefined) acks.push(seq);
            break;
          }
          case 'acked':
            for (const seq of acks.splice(0, count)) expect(acknowledge(log, seq)).toBe(true);
            break;
          case 'cut':
            acks = [];
            line = [...(unreceived(log, received.lastSeq) ?? [])];
            expect(line.length).toBe(sent - received.lastSeq);
            break;
        }
        expect(log.bytes).toBe((sent - log.ackedSeq) * (LINK_LIMITS.recordHeaderBytes + 1));
        // What is acknowledged is let go of: no more than as much again is still in the list.
        expect(log.records.length).toBeLessThanOrEqual(Math.max(2 * (sent - log.ackedSeq), 0) + 1);
      }
      arrive(line.length);
      expect(taken).toEqual(Array.from({ length: sent }, (_, at) => at + 1));
      const last = takeAck(received);
      if (last !== undefined) acknowledge(log, last);
      for (const seq of acks) acknowledge(log, seq);
      expect(isAllAcknowledged(log)).toBe(log.ackedSeq === sent);
    }),
  );
});

test('a receiver takes neither a gap nor a repetition', () => {
  const received = createReceived();
  expect(takeSeq(received, recordOf(2))).toBe(false);
  expect(takeSeq(received, recordOf(1))).toBe(true);
  expect(takeSeq(received, recordOf(1))).toBe(false);
  expect(takeSeq(received, recordOf(2))).toBe(true);
});

test.each([
  ['records', LINK_LIMITS.ackRecords, 1],
  ['bytes', 2, LINK_LIMITS.ackBytes / 2],
])('an acknowledgement is due after so many %s, and once', (_name, records, bytes) => {
  const received = createReceived();
  for (let seq = 1; seq < records; seq += 1) takeSeq(received, recordOf(seq, new Uint8Array(bytes)));
  expect(isAckDue(received)).toBe(false);
  takeSeq(received, recordOf(records, new Uint8Array(bytes)));
  expect(isAckDue(received)).toBe(true);
  expect(takeAck(received)).toBe(records);
  expect(isAckDue(received)).toBe(false);
  expect(takeAck(received)).toBeUndefined();
});

test('a log does not believe what cannot be', () => {
  const log = createSentLog();
  for (let seq = 1; seq <= 5; seq += 1) logSent(log, recordOf(seq));
  expect(acknowledge(log, 6)).toBe(false);
  expect(acknowledge(log, 3)).toBe(true);
  expect(acknowledge(log, 1)).toBe(true);
  expect(unreceived(log, 2)).toBeUndefined();
  expect(unreceived(log, 6)).toBeUndefined();
  expect(unreceived(log, 4)?.map(({ seq }) => seq)).toEqual([5]);
  expect(unreceived(log, 5)).toEqual([]);
  expect(() => logSent(log, recordOf(9))).toThrow(RangeError);
});
