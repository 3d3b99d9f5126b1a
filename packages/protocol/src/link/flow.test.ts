import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addCredit,
  consumeBytes,
  createReceiveWindow,
  createSendWindow,
  receiveBytes,
  sendableBytes,
  spendCredit,
  takeGrant,
} from './flow.ts';
import { LINK_LIMITS } from './limits.ts';

const SIZE = 1_000;

test('whatever the two sides do in whatever order, no credit is lost, made or negative', () => {
  const step = fc.record({
    act: fc.constantFrom(
      'send' as const,
      'arrive' as const,
      'consume' as const,
      'grant' as const,
      'granted' as const,
    ),
    bytes: fc.integer({ min: 1, max: SIZE }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const sender = createSendWindow(SIZE);
      const receiver = createReceiveWindow(SIZE);
      const line: number[] = [];
      const grants: number[] = [];
      const sum = (list: number[]): number => list.reduce((total, bytes) => total + bytes, 0);
      for (const { act, bytes } of steps) {
        if (act === 'send' && sender.creditBytes > 0) {
          const sent = Math.min(bytes, sender.creditBytes);
          spendCredit(sender, sent);
          line.push(sent);
        }
        if (act === 'arrive') {
          const next = line.shift();
          if (next !== undefined) expect(receiveBytes(receiver, next)).toBe(true);
        }
        if (act === 'consume') consumeBytes(receiver, Math.min(bytes, receiver.unreadBytes));
        if (act === 'grant') {
          const grant = takeGrant(receiver);
          if (grant > 0) grants.push(grant);
        }
        if (act === 'granted') {
          const next = grants.shift();
          if (next !== undefined) expect(addCredit(sender, next)).toBe(true);
        }
        expect(sender.creditBytes).toBeGreaterThanOrEqual(0);
        expect(receiver.openBytes).toBe(sender.creditBytes + sum(line) + sum(grants));
        expect(receiver.openBytes + receiver.unreadBytes + receiver.ungrantedBytes).toBe(SIZE);
      }
    }),
  );
});

test('grants only when half a window is consumed', () => {
  const window = createReceiveWindow(SIZE);
  receiveBytes(window, 600);
  consumeBytes(window, 499);
  expect(takeGrant(window)).toBe(0);
  consumeBytes(window, 1);
  expect(takeGrant(window)).toBe(500);
  expect(takeGrant(window)).toBe(0);
  expect(window.openBytes).toBe(900);
});

test('an overrun and a grant of too much are told', () => {
  const receiver = createReceiveWindow(SIZE);
  expect(receiveBytes(receiver, SIZE)).toBe(true);
  expect(receiveBytes(receiver, 1)).toBe(false);
  const sender = createSendWindow(SIZE);
  spendCredit(sender, 10);
  expect(addCredit(sender, 0)).toBe(false);
  expect(addCredit(sender, 11)).toBe(false);
  expect(addCredit(sender, 10)).toBe(true);
  expect(addCredit(sender, 1)).toBe(false);
});

test('our own mistakes throw', () => {
  expect(() => spendCredit(createSendWindow(SIZE), SIZE + 1)).toThrow(RangeError);
  expect(() => consumeBytes(createReceiveWindow(SIZE), 1)).toThrow(RangeError);
});

test('a record may take the smallest of stream credit, connection credit and record size', () => {
  const stream = createSendWindow(LINK_LIMITS.streamWindowBytes);
  const connection = createSendWindow(LINK_LIMITS.connectionWindowBytes);
  expect(sendableBytes({ stream, connection })).toBe(LINK_LIMITS.recordBodyMaxBytes);
  spendCredit(stream, LINK_LIMITS.streamWindowBytes - 10);
  expect(sendableBytes({ stream, connection })).toBe(10);
  spendCredit(connection, LINK_LIMITS.connectionWindowBytes - 3);
  expect(sendableBytes({ stream, connection })).toBe(3);
});
