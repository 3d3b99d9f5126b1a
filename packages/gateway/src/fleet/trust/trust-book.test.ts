import { beforeEach, describe, expect, it } from 'vitest';
import { createTrustBench } from './testing-trust.ts';

const DAY_MS = 86_400_000;

let bench: ReturnType<typeof createTrustBench>;
beforeEach(() => {
  bench = createTrustBench();
});

describe('a node', () => {
  it('is on probation with half of its work until others have paid enough jobs over enough time', () => {
    const { book, clock } = bench;
    expect(book.standing('n')).toEqual({ tier: 'probation', weight: 0.5, isBanned: false });
    for (let at = 0; at < 3; at += 1) book.settled('n');
    expect(book.standing('n').tier).toBe('probation');
    clock.advance(3_600_000);
    expect(book.standing('n')).toEqual({ tier: 'verified', weight: 1, isBanned: false });
  });

  it('gets a quarter of its work for a day after three suspicious answers in a row', async () => {
    const { book, clock } = bench;
    for (let at = 0; at < 2; at += 1) book.checked('n', ['garbage']);
    await bench.settle();
    expect(book.standing('n').weight).toBe(0.5);
    book.checked('n', ['garbage']);
    await bench.settle();
    expect(book.standing('n').weight).toBe(0.125);
    expect(book.sanctions('n')).toMatchObject([{ kind: 'reduced', reason: 'suspicious-answers' }]);
    expect(bench.banned).toEqual([]);
    clock.advance(DAY_MS);
    expect(book.standing('n').weight).toBe(0.5);
  });

  it('is let alone for suspicious answers among good ones', async () => {
    for (let at = 0; at < 40; at += 1) bench.book.checked('n', at % 3 === 0 ? ['too-fast'] : []);
    await bench.settle();
    expect(bench.book.sanctions()).toEqual([]);
  });

  it('is banned for 30 days after three failed tests in a row, and starts anew then', async () => {
    const { book, clock } = bench;
    for (let at = 0; at < 3; at += 1) book.settled('n');
    clock.advance(3_600_000);
    bench.echo('n', 'failed', 2);
    expect(book.standing('n').isBanned).toBe(false);
    bench.echo('n', 'failed');
    await bench.settle();
    expect(book.standing('n')).toMatchObject({ isBanned: true, tier: 'probation' });
    expect(bench.banned).toMatchObject([{ nodeId: 'n', kind: 'ban', reason: 'canaries-failed' }]);
    expect(book.record('n')).toMatchObject({ settledJobs: 0, canaries: [] });
    clock.advance(30 * DAY_MS);
    expect(book.standing('n').isBanned).toBe(false);
  });

  it('is not judged by tests that say nothing, nor by those that nobody passes', async () => {
    bench.echo('n', 'unclear', 20);
    for (let at = 0; at < 20; at += 1)
      bench.book.tested('n', { model: 'm', kind: 'tool', verdict: 'failed' });
    await bench.settle();
    expect(bench.book.standing('n').weight).toBe(0.5);
    // Others show that the model can do it: now it counts.
    for (let at = 0; at < 5; at += 1)
      bench.book.tested('other', { model: 'm', kind: 'tool', verdict: 'passed' });
    for (let at = 0; at < 3; at += 1) bench.book.tested('n', { model: 'm', kind: 'tool', verdict: 'failed' });
    await bench.settle();
    expect(bench.banned).toMatchObject([{ nodeId: 'n' }]);
  });

  it('of the operator is only warned of', async () => {
    bench.echo('node_ops', 'failed', 10);
    await bench.settle();
    expect(bench.book.standing('node_ops').isBanned).toBe(false);
    expect(bench.book.sanctions()).toEqual([]);
    expect(bench.lines).toContain('operators_node_fails_tests');
  });
});

describe('a sanction', () => {
  it('is on the disk before it takes effect, and is made once', async () => {
    const { book, disk } = bench;
    disk.isSlow = true;
    bench.echo('n', 'failed', 6);
    expect(book.standing('n').isBanned).toBe(false);
    expect(bench.banned).toEqual([]);
    await bench.settle();
    expect(bench.saved).toHaveLength(1);
    expect(bench.banned).toHaveLength(1);
    expect(book.standing('n').isBanned).toBe(true);
  });

  it('that cannot be written has no effect, and comes with the next failures', async () => {
    const { book, disk } = bench;
    disk.isBroken = true;
    bench.echo('n', 'failed', 3);
    await bench.settle();
    expect(book.standing('n').isBanned).toBe(false);
    expect(bench.lines).toContain('trust_not_written');
    disk.isBroken = false;
    bench.echo('n', 'failed', 3);
    await bench.settle();
    expect(book.standing('n').isBanned).toBe(true);
  });
});

describe('a pardon', () => {
  it('lifts a ban with a reason, and the node starts anew', async () => {
    const { book } = bench;
    bench.echo('n', 'failed', 3);
    await bench.settle();
    bench.echo('n', 'failed', 2);
    const lifted = await book.pardon({ nodeId: 'n' }, { actor: 'ops', because: 'our fault' });
    expect(lifted).toMatchObject([{ nodeId: 'n', liftedBecause: 'our fault' }]);
    expect(bench.pardons).toEqual(lifted);
    expect(book.standing('n')).toEqual({ tier: 'probation', weight: 0.5, isBanned: false });
    // The verdicts of before are gone: two more failures do not ban it.
    bench.echo('n', 'failed', 2);
    await bench.settle();
    expect(book.standing('n').isBanned).toBe(false);
    expect(await book.pardon({ nodeId: 'n' }, { actor: 'ops', because: 'again' })).toEqual([]);
  });

  it('of a time window lifts what an incident did, and nothing else', async () => {
    const { book, clock } = bench;
    bench.echo('before', 'failed', 3);
    await bench.settle();
    clock.advance(1_000);
    const fromMs = clock.nowMs();
    bench.echo('in', 'failed', 3);
    for (let at = 0; at < 3; at += 1) book.checked('in-too', ['empty']);
    await bench.settle();
    const lifted = await book.pardon(
      { fromMs, toMs: clock.nowMs() },
      { actor: 'ops', because: 'bad release' },
    );
    expect(lifted.map(({ nodeId }) => nodeId).toSorted()).toEqual(['in', 'in-too']);
    expect(book.standing('before').isBanned).toBe(true);
    expect(bench.pardons.map(({ nodeId }) => nodeId)).toEqual(['in']);
  });

  it('that cannot be written changes nothing', async () => {
    bench.echo('n', 'failed', 3);
    await bench.settle();
    bench.disk.isBroken = true;
    await expect(bench.book.pardon({ nodeId: 'n' }, { actor: 'ops', because: 'x' })).rejects.toThrow('disk');
    expect(bench.book.standing('n').isBanned).toBe(true);
    expect(bench.pardons).toEqual([]);
  });
});
