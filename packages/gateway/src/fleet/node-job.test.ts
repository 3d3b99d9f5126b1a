import { expect, test } from 'vitest';
import { RECORD_TYPES } from '@switchyard/protocol/link/frame.ts';
import { LINK_LIMITS } from '@switchyard/protocol/link/limits.ts';
import { encodeWindow, FAIL_CODES, REJECT_REASONS } from '@switchyard/protocol/link/messages.ts';
import { createRecordingSink, attemptRequestOf } from '../testing/recording-sink.ts';
import { capabilitiesOf, jsonBody, modelOf } from '../testing/raw-node.ts';
import { createSessionBench, settle, wantOf } from '../testing/session-setup.ts';
import { failFault, rejectFault } from './node-faults.ts';

const T = RECORD_TYPES;
const USAGE = {
  inputTokens: 5,
  imageInputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 2,
  reasoningTokens: 0,
};
const text = (value: string) => ({ type: 'text-delta' as const, text: value });
const FINISH = { type: 'finish' as const, reason: 'stop' as const, usage: USAGE };

test('a whole job: offer and body leave at once, parts of a message come as one push, the slot is free at the end', async () => {
  const bench = createSessionBench();
  const { node } = await bench.ready();
  const { sink } = bench.start('hello there');
  expect(bench.free()).toBe(1);
  await settle();
  const offer = JSON.parse(Buffer.from(node.got(T.offer, 1)[0]?.body ?? []).toString()) as Record<
    string,
    unknown
  >;
  const body = Buffer.concat(node.got(T.data, 1).map((record) => record.body));
  expect(offer).toMatchObject({ model: 'small', estimatedInputTokens: 10, bodyBytes: body.length });
  expect(offer['jobId']).toMatch(/^job_\w{22}$/);
  expect(JSON.parse(body.toString())).toEqual(attemptRequestOf('hello there').chat);

  node.send(node.record(T.accept, 1), node.record(T.alive, 1));
  expect(sink.alive).toBe(1);
  node.send(node.part(1, text('Hel')), node.part(1, text('lo')));
  node.send(node.part(1, text('!')), node.part(1, FINISH), node.record(T.finish, 1));
  expect(sink.pushes).toEqual([2, 2]);
  expect(sink.text()).toBe('Hello!');
  expect(sink.parts.at(-1)).toEqual(FINISH);
  expect(sink.ended).toBe(true);
  expect(bench.free()).toBe(2);
  expect(bench.seen.jobEnds).toEqual(['finished']);
});

test.each(REJECT_REASONS)(
  'reject %s is a fault, and the slot is free before the sink hears of it',
  async (reason) => {
    const bench = createSessionBench();
    const { node } = await bench.ready();
    const { sink } = bench.start();
    let freeAtFault = -1;
    const onFault = sink.onFault;
    sink.onFault = (fault) => {
      freeAtFault = bench.free();
      onFault(fault);
    };
    node.send(node.record(T.reject, 1, jsonBody({ reason })));
    expect(sink.fault).toEqual(rejectFault(reason));
    expect(freeAtFault).toBe(2);
  },
);

test.each(FAIL_CODES)('fail %s hands on what came before it', async (code) => {
  const bench = createSessionBench();
  const { node } = await bench.ready();
  const { sink } = bench.start();
  node.send(
    node.record(T.accept, 1),
    node.part(1, text('part')),
    node.record(T.fail, 1, jsonBody({ code, message: 'secret words' })),
  );
  expect(sink.text()).toBe('part');
  expect(sink.fault).toEqual(failFault(code));
  expect(bench.free()).toBe(2);
});

test('no answer to an offer within 2 s: cancel, next node, and the slot waits for the node', async () => {
  const bench = createSessionBench();
  const { node } = await bench.ready();
  const { sink } = bench.start();
  bench.pass(1_750);
  expect(sink.fault).toBeUndefined();
  bench.pass(250);
  expect(sink.fault).toEqual({ code: 'upstream_timeout', blame: 'target', cause: 'accept-timeout' });
  await settle();
  expect(node.got(T.cancel, 1)).toHaveLength(1);
  // Nothing is offered to a node that seems to hang.
  expect(bench.free()).toBe(0);
  node.send(node.record(T.alive, 1));
  expect(bench.free()).toBe(1);
  // Late answers are no breach.
  node.send(node.record(T.accept, 1), node.record(T.cancelled, 1));
  expect(bench.free()).toBe(2);
});

test('the first part has a budget that signs of life do not lengthen', async () => {
  const bench = createSessionBench();
  const { node } = await bench.ready();
  const { sink } = bench.start();
  node.send(node.record(T.accept, 1));
  for (let second = 0; second < 14; second += 1) {
    bench.pass(1_000);
    node.send(node.record(T.alive, 1));
  }
  expect(sink.fault).toBeUndefined();
  bench.pass(1_000);
  expect(sink.fault?.cause).toBe('first-part-timeout');
});

test('a stream that says nothing for 20 s has stalled; signs of life keep it', async () => {
  const bench = createSessionBench();
  const { node } = await bench.ready();
  const { sink } = bench.start();
  node.send(node.record(T.accept, 1), node.part(1, text('a')));
  const pass = (seconds: number): void => {
    for (let second = 0; second < seconds; second += 1) {
      bench.pass(1_000);
      node.send(node.record(T.pong, 0));
    }
  };
  pass(19);
  node.send(node.record(T.alive, 1));
  pass(19);
  expect(sink.fault).toBeUndefined();
  pass(1);
  expect(sink.fault).toEqual({ code: 'upstream_timeout', blame: 'target', cause: 'stalled' });
});

test('a job is cancelled at its deadline', async () => {
  const bench = createSessionBench({ jobDeadlineMs: 10_000 });
  const { node } = await bench.ready();
  const { sink } = bench.start();
  node.send(node.record(T.accept, 1));
  bench.pass(6_000);
  node.send(node.part(1, text('a')));
  bench.pass(4_000);
  expect(sink.fault?.cause).toBe('deadline');
});

test('cancel stops the node, silences the sink, and frees the slot when the node has stopped', async () => {
  const bench = createSessionBench();
  const { node, socket } = await bench.ready();
  const { attempt, sink } = bench.start();
  node.send(node.record(T.accept, 1), node.part(1, text('a')));
  attempt.cancel();
  attempt.cancel();
  await settle();
  expect(node.got(T.cancel, 1)).toHaveLength(1);
  expect(bench.free()).toBe(1);
  node.send(node.part(1, text('late')), node.record(T.alive, 1), node.record(T.data, 1, Uint8Array.of(1)));
  expect(sink.text()).toBe('a');
  node.send(node.record(T.cancelled, 1));
  expect(bench.free()).toBe(2);
  expect(sink.fault).toBeUndefined();
  expect(socket.closed).toBeUndefined();
  expect(bench.seen.jobEnds).toEqual(['cancelled']);
});

test('after a cancel nothing of the body leaves, whatever credit comes', async () => {
  const bench = createSessionBench();
  const { node, socket } = await bench.ready();
  const { attempt } = bench.start('x'.repeat(1_000_000));
  await settle();
  node.send(node.record(T.accept, 1));
  attempt.cancel();
  await settle();
  const before = node.got(T.data, 1).length;
  node.send(node.record(T.window, 1, encodeWindow(200_000)), node.record(T.window, 0, encodeWindow(200_000)));
  await settle();
  expect(node.got(T.data, 1)).toHaveLength(before);
  expect(node.received.at(-1)?.type).toBe(T.cancel);
  expect(socket.closed).toBeUndefined();
});

test('a node that leaves more than 16 cancels unanswered is closed', async () => {
  const bench = createSessionBench();
  const { node, socket } = await bench.ready();
  node.capabilities(capabilitiesOf([modelOf({ slots: 20 })], 20));
  const cancel = (): void => bench.start().attempt.cancel();
  const pass = (seconds: number): void => {
    for (let second = 0; second < seconds; second += 1) {
      bench.pass(1_000);
      node.send(node.record(T.pong, 0));
    }
  };
  for (let at = 0; at < 16; at += 1) cancel();
  pass(31);
  expect(bench.free()).toBe(20);
  expect(socket.closed).toBeUndefined();
  node.send(node.record(T.cancelled, 1));
  cancel();
  pass(31);
  expect(socket.closed).toBeUndefined();
  cancel();
  for (let second = 0; second < 31 && socket.closed === undefined; second += 1) {
    bench.pass(1_000);
    node.send(node.record(T.pong, 0));
  }
  expect(socket.closed).toEqual({ code: 4400, reason: 'cancel is not answered' });
});

test('a job that finished while the cancel was under way ends as cancelled', async () => {
  const bench = createSessionBench();
  const { node, socket } = await bench.ready();
  const { attempt, sink } = bench.start();
  node.send(node.record(T.accept, 1));
  attempt.cancel();
  node.send(node.part(1, FINISH), node.record(T.finish, 1));
  expect(sink.ended).toBe(false);
  expect(bench.free()).toBe(2);
  expect(socket.closed).toBeUndefined();
});

test('an unanswered cancel holds the slot for 30 s; the late answer is still understood', async () => {
  const bench = createSessionBench();
  const { node, socket } = await bench.ready();
  const { attempt } = bench.start();
  node.send(node.record(T.accept, 1));
  attempt.cancel();
  const pass = (seconds: number): void => {
    for (let second = 0; second < seconds; second += 1) {
      bench.pass(1_000);
      node.send(node.record(T.pong, 0));
    }
  };
  pass(29);
  expect(bench.free()).toBe(1);
  pass(1);
  expect(bench.free()).toBe(2);
  expect(bench.log.lines.join()).toContain('node_job_stuck');
  node.send(node.part(1, text('late')), node.record(T.cancelled, 1));
  expect(bench.free()).toBe(2);
  expect(socket.closed).toBeUndefined();
});

test('a cancelled job may send what it had credit for and no more', async () => {
  const bench = createSessionBench();
  const { node, socket } = await bench.ready();
  const { attempt } = bench.start();
  node.send(node.record(T.accept, 1));
  attempt.cancel();
  const slice = new Uint8Array(64_000);
  for (let at = 0; at < 4; at += 1) node.send(node.record(T.data, 1, slice));
  expect(socket.closed).toBeUndefined();
  node.send(node.record(T.data, 1, slice));
  expect(socket.closed?.code).toBe(4413);
});

test('late records of an ended stream are dropped within bounds', async () => {
  const bench = createSessionBench();
  const { node, socket } = await bench.ready();
  bench.start();
  node.send(node.record(T.reject, 1, jsonBody({ reason: 'busy' })));
  for (let at = 0; at < 100; at += 1) node.send(node.part(1, text('late')), node.record(T.finish, 1));
  expect(socket.closed).toBeUndefined();
  for (let at = 0; at < 3_000 && socket.closed === undefined; at += 1) node.send(node.part(1, text('late')));
  expect(socket.closed?.code).toBe(4429);
});

test('a paused job gets no credit, the others on the link flow on, and resume grants what was consumed', async () => {
  const bench = createSessionBench();
  const { node, socket } = await bench.ready();
  const stalled = bench.start();
  const live = bench.start();
  node.send(node.record(T.accept, 1), node.record(T.accept, 3));
  stalled.attempt.pause();
  const big = text('x'.repeat(60_000));
  const sendBytes = (stream: number, wanted: number): void => {
    for (let bytes = 0; bytes < wanted; bytes += 60_000) node.send(node.part(stream, big));
  };
  sendBytes(1, 200_000);
  sendBytes(3, 200_000);
  await settle();
  expect(node.got(T.window, 1)).toHaveLength(0);
  expect(node.got(T.window, 3).length).toBeGreaterThan(0);
  // Far more than all windows together flows past the stalled stream, when credit is used as granted.
  let credit = LINK_LIMITS.streamWindowBytes - 4 * 60_035;
  let taken = 0;
  for (let round = 0; round < 200; round += 1) {
    const grants = node.got(T.window, 3);
    for (; taken < grants.length; taken += 1) {
      credit += new DataView(Uint8Array.from(grants[taken]?.body ?? []).buffer).getUint32(0);
    }
    if (credit < 60_035) throw new Error('the live stream has no credit');
    credit -= 60_035;
    node.send(node.part(3, big));
    await settle();
  }
  expect(live.sink.parts.length).toBe(204);
  expect(socket.closed).toBeUndefined();
  bench.pass(10_000);
  expect(stalled.sink.fault).toBeUndefined();
  stalled.attempt.resume();
  await settle();
  expect(node.got(T.window, 1)).toHaveLength(1);
});

test('more than the window on a paused job is an overrun', async () => {
  const bench = createSessionBench();
  const { node, socket } = await bench.ready();
  const { attempt, sink } = bench.start();
  node.send(node.record(T.accept, 1));
  attempt.pause();
  for (let at = 0; at < 10 && socket.closed === undefined; at += 1)
    node.send(node.part(1, text('x'.repeat(60_000))));
  expect(socket.closed?.code).toBe(4413);
  expect(sink.fault?.cause).toBe('node-lost');
});

test('an answer over 32 MiB closes the link', async () => {
  const bench = createSessionBench();
  const { node, socket } = await bench.ready();
  const { sink } = bench.start();
  node.send(node.record(T.accept, 1));
  const part = text('x'.repeat(64_000));
  let sent = 0;
  while (socket.closed === undefined && sent < 600) {
    node.send(node.part(1, part));
    sent += 1;
  }
  expect(socket.closed?.code).toBe(4413);
  expect(sent).toBe(Math.floor(LINK_LIMITS.resultMaxBytes / jsonBody(part).length) + 1);
  expect(sink.fault?.cause).toBe('node-lost');
});

test('the body waits for credit and arrives whole', async () => {
  const bench = createSessionBench();
  const { node } = await bench.ready();
  const long = 'ä'.repeat(1_000_000);
  bench.start(long);
  const bytes = (): number => node.got(T.data, 1).reduce((sum, record) => sum + record.body.length, 0);
  await settle();
  expect(bytes()).toBe(LINK_LIMITS.streamWindowBytes);
  node.send(node.record(T.accept, 1));
  let granted = 0;
  while (bytes() > granted) {
    const add = bytes() - granted;
    granted += add;
    node.send(node.record(T.window, 1, encodeWindow(add)), node.record(T.window, 0, encodeWindow(add)));
    await settle();
  }
  const body = Buffer.concat(node.got(T.data, 1).map((record) => record.body)).toString();
  expect(JSON.parse(body)).toEqual(attemptRequestOf(long).chat);
});

test('a body over 20 MiB is refused before it leaves, blames the request and frees the slot', async () => {
  const bench = createSessionBench();
  const { node } = await bench.ready();
  const { sink } = bench.start('x'.repeat(LINK_LIMITS.jobBodyMaxBytes));
  expect(sink.fault).toBeUndefined();
  await settle();
  expect(sink.fault).toEqual({ code: 'body_too_large', blame: 'request', cause: 'body-too-large' });
  expect(bench.free()).toBe(2);
  expect(node.got(T.offer)).toHaveLength(0);
});

test('a slot whose node went away in between fails as lost; a slot is used once', async () => {
  const bench = createSessionBench();
  const { line } = await bench.ready();
  const slot = bench.slot();
  line.onSocketClosed(1006);
  const sink = createRecordingSink();
  slot.start(attemptRequestOf('hi'), sink);
  await sink.done;
  expect(sink.fault?.cause).toBe('node-lost');
  expect(() => slot.start(attemptRequestOf('hi'), createRecordingSink())).toThrow('once');
  slot.release();
});

test('numbers that are no token counts do not leave', async () => {
  const bench = createSessionBench();
  const { node } = await bench.ready();
  bench.start('hi', { estimatedInputTokens: Number.NaN });
  bench.start('hi', { estimatedInputTokens: 12.3 });
  await settle();
  const estimates = node
    .got(T.offer)
    .map(
      (record) =>
        (JSON.parse(Buffer.from(record.body).toString()) as { estimatedInputTokens: number })
          .estimatedInputTokens,
    );
  expect(estimates).toEqual([0, 13]);
});

test('failures make a node less likely, finished jobs measure its speed', async () => {
  const bench = createSessionBench();
  const { node, session } = await bench.ready();
  bench.start();
  node.send(node.record(T.accept, 1), node.record(T.fail, 1, jsonBody({ code: 'engine_failed' })));
  expect(session.capacity.record('small').failureRate).toBeCloseTo(0.2);
  bench.start();
  node.send(node.record(T.accept, 3), node.part(3, text('x'.repeat(4_000))));
  bench.clock.advance(2_000);
  node.send(node.part(3, FINISH), node.record(T.finish, 3));
  expect(session.capacity.record('small').failureRate).toBeCloseTo(0.16);
  expect(session.capacity.record('small').outputTokensPerSecond).toBeCloseTo(500);
  expect(bench.registry.acquire(wantOf())).not.toBe('none');
});

test('a node that keeps its answer back and sends it at once looks at most twice as fast', async () => {
  const bench = createSessionBench();
  const { node, session } = await bench.ready();
  bench.start();
  node.send(node.record(T.accept, 1));
  bench.clock.advance(10_000);
  node.send(node.part(1, text('x'.repeat(4_000))), node.part(1, FINISH), node.record(T.finish, 1));
  // 1 000 tokens in 10 s are 100 a second.
  expect(session.capacity.record('small').outputTokensPerSecond).toBeCloseTo(200);
});
