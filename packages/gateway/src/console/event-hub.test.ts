import { expect, it } from 'vitest';
import type { ConsoleBalance } from '@switchyard/protocol/console/overview.ts';
import { keptReceipt } from '../receipts/testing-receipts.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createEventHub, type EventSink } from './event-hub.ts';

const money = (micros: number) => ({ micros, credits: 0, usd: 0 });

function newBench() {
  const clock = createVirtualClock();
  const state = {
    available: 10,
    online: true,
    models: [{ id: 'm', available: true, expectedWaitSeconds: null }],
  };
  const hub = createEventHub({
    clock,
    balance: () => ({ available: money(state.available) }) as ConsoleBalance,
    models: () => state.models,
    *nodes() {
      for (const accountId of ['acc_1', 'acc_2'])
        yield {
          accountId,
          node: { id: `node_of_${accountId}`, name: 'gpu', state: state.online ? 'ready' : 'offline' },
        };
    },
    request: ({ requestId }) =>
      ({ id: requestId }) as ReturnType<Parameters<typeof createEventHub>[0]['request']>,
  });
  return { clock, state, hub };
}

type TestSink = EventSink & { lines: string[]; ended: boolean; buffered: number; allowed: boolean };

function newSink(): TestSink {
  const sink: TestSink = {
    lines: [],
    ended: false,
    buffered: 0,
    allowed: true,
    write: (text) => void sink.lines.push(...text.split('\n\n').filter((line) => line !== '')),
    bufferedBytes: () => sink.buffered,
    end: () => void (sink.ended = true),
    isAllowed: () => Promise.resolve(sink.allowed),
  };
  return sink;
}
const names = ({ lines }: TestSink) => lines.map((line) => /^event: (\S+)/.exec(line)?.[1] ?? line);

/** What was asked about readers is answered. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

it('tells a new reader all, and after that what changed, once a second', () => {
  const { clock, state, hub } = newBench();
  const sink = newSink();
  hub.add('acc_1', 'p', sink);
  expect(names(sink)).toEqual(['balance', 'availability', 'nodes']);
  expect(sink.lines[2]).toContain('node_of_acc_1');
  expect(sink.lines[2]).not.toContain('node_of_acc_2');
  clock.advance(10_000);
  expect(sink.lines).toHaveLength(3);
  state.available = 5;
  clock.advance(1_000);
  expect(names(sink).slice(3)).toEqual(['balance']);
  state.online = false;
  state.models = [{ id: 'm', available: false, expectedWaitSeconds: null }];
  clock.advance(2_000);
  expect(names(sink).slice(4)).toEqual(['availability', 'nodes']);
  clock.advance(20_000);
  expect(names(sink).slice(6)).toEqual([': still here']);
});

it('a second reader takes no news from the first', () => {
  const { clock, state, hub } = newBench();
  const [first, second] = [newSink(), newSink()];
  hub.add('acc_1', 'p', first);
  state.available = 1;
  hub.add('acc_1', 'q', second);
  clock.advance(1_000);
  expect(names(first).filter((name) => name === 'balance')).toHaveLength(2);
});

it('tells of ended requests to readers of their account only, and not of more than they can take', () => {
  const { clock, hub } = newBench();
  const [mine, theirs] = [newSink(), newSink()];
  hub.add('acc_1', 'p', mine);
  hub.add('acc_2', 'q', theirs);
  for (let number = 0; number < 1_000; number += 1) hub.requestEnded(keptReceipt({ accountId: 'acc_1' }));
  expect(names(mine).filter((name) => name === 'request')).toHaveLength(20);
  expect(names(theirs)).not.toContain('request');
  clock.advance(1_000);
  hub.requestEnded(keptReceipt({ accountId: 'acc_1' }));
  expect(names(mine).filter((name) => name === 'request')).toHaveLength(21);
});

it('drops readers that are too slow, and looks at nothing when nobody reads', () => {
  const { clock, hub } = newBench();
  const [slow, quick] = [newSink(), newSink()];
  hub.add('acc_1', 'p', slow);
  hub.add('acc_1', 'q', quick);
  slow.buffered = 300_000;
  hub.notice({ code: 'maintenance', message: 'Soon.' });
  expect([slow.ended, quick.ended, hub.readers()]).toEqual([true, false, 1]);
  hub.remove('acc_1', slow);
  expect(hub.readers()).toBe(1);
  hub.remove('acc_1', quick);
  expect([hub.readers(), clock.pendingTimers()]).toEqual([0, 0]);
});

it('ends the stream of one who may see the account no more', async () => {
  const { clock, hub } = newBench();
  const [out, stays] = [newSink(), newSink()];
  hub.add('acc_1', 'p', out);
  hub.add('acc_1', 'q', stays);
  out.allowed = false;
  clock.advance(60_000);
  await settled();
  expect([out.ended, stays.ended, hub.readers()]).toEqual([true, false, 1]);
  expect(out.lines.at(-1)).toContain('signed-out');
});

it('looks again at once at the readers of one whose session or role has ended, and tells of another role', async () => {
  const { hub } = newBench();
  const [here, there, other] = [newSink(), newSink(), newSink()];
  hub.add('acc_1', 'p', here);
  hub.add('acc_2', 'p', there);
  hub.add('acc_1', 'q', other);
  here.allowed = false;
  hub.membersChanged('acc_1', 'q');
  await settled();
  expect([here.ended, other.ended, other.lines.at(-1)]).toEqual([
    false,
    false,
    expect.stringContaining('role-changed'),
  ]);
  hub.sessionEnded('p');
  await settled();
  expect([here.ended, there.ended, there.lines.length, hub.readers()]).toEqual([true, false, 3, 2]);
  other.allowed = false;
  hub.membersChanged('acc_1');
  await settled();
  expect([other.ended, there.ended, hub.readers()]).toEqual([true, false, 1]);
});

it('takes a bounded number of readers of one person', () => {
  const { hub } = newBench();
  const taken = Array.from({ length: 20 }, () => hub.add('acc_1', 'p', newSink()));
  expect(taken.filter(Boolean)).toHaveLength(16);
  expect(hub.add('acc_1', 'q', newSink())).toBe(true);
  hub.close();
  expect(hub.readers()).toBe(0);
});
