import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Breaker, Pass, Verdict } from './breaker.ts';
import { breakerWaitMs, enterBreaker, NEW_BREAKER, noteVerdict, PROBE_MS } from './breaker.ts';

const RULES = { failures: 3, openMs: 1_000, maxOpenMs: 8_000 };

/** A breaker with a clock, as its owner keeps it. */
function create(rules = RULES) {
  let breaker: Breaker = NEW_BREAKER;
  let nowMs = 0;
  return {
    state: () => breaker,
    now: () => nowMs,
    advance: (byMs: number) => void (nowMs += byMs),
    waitMs: () => breakerWaitMs(breaker, nowMs),
    enter(): Pass {
      const entered = enterBreaker(breaker, nowMs);
      breaker = entered.breaker;
      return entered.pass;
    },
    note(pass: Pass, verdict: Verdict) {
      breaker = noteVerdict(breaker, rules, { pass, verdict, nowMs });
    },
    fail(times: number) {
      for (let time = 0; time < times; time += 1) this.note(this.enter(), 'failure');
    },
  };
}

describe('closed', () => {
  test('opens at the failures in a row, not before', () => {
    const breaker = create();
    breaker.fail(2);
    expect(breaker.state().phase).toBe('closed');
    breaker.fail(1);
    expect(breaker.state().phase).toBe('open');
    expect(breaker.waitMs()).toBe(1_000);
  });

  test('a success in between starts the row again, what is unknown does not', () => {
    const breaker = create();
    breaker.fail(2);
    breaker.note(breaker.enter(), 'none');
    breaker.note(breaker.enter(), 'success');
    breaker.fail(2);
    breaker.note(breaker.enter(), 'none');
    expect(breaker.state().phase).toBe('closed');
    breaker.fail(1);
    expect(breaker.state().phase).toBe('open');
  });

  test('opens when half of many tries fail, though never in a row', () => {
    const breaker = create();
    for (let pair = 0; pair < 9; pair += 1) {
      breaker.note(breaker.enter(), 'success');
      breaker.fail(1);
    }
    expect(breaker.state().phase).toBe('closed');
    breaker.note(breaker.enter(), 'success');
    breaker.fail(1);
    expect(breaker.state().phase).toBe('open');
  });

  test('failures of an earlier window do not count with those of this one', () => {
    const breaker = create();
    for (let pair = 0; pair < 40; pair += 1) {
      breaker.note(breaker.enter(), 'success');
      breaker.fail(1);
      breaker.advance(4_000);
    }
    expect(breaker.state().phase).toBe('closed');
  });
});

describe('open and half-open', () => {
  test('one probe decides, and while it is under way nothing else passes', () => {
    const breaker = create();
    breaker.fail(3);
    breaker.advance(999);
    expect(breaker.waitMs()).toBe(1);
    breaker.advance(1);
    expect(breaker.waitMs()).toBe(0);
    const probe = breaker.enter();
    expect(breaker.waitMs()).toBe(PROBE_MS);
    breaker.note(probe, 'success');
    expect(breaker.state()).toMatchObject({ phase: 'closed', failuresInRow: 0 });
  });

  test('the time doubles with each probe that fails, up to the longest, and starts anew once closed', () => {
    const breaker = create();
    breaker.fail(3);
    const times: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      times.push(breaker.waitMs());
      breaker.advance(breaker.waitMs());
      breaker.fail(1);
    }
    expect(times).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
    breaker.advance(breaker.waitMs());
    breaker.note(breaker.enter(), 'success');
    breaker.fail(3);
    expect(breaker.waitMs()).toBe(1_000);
  });

  test('a probe that learns nothing makes place for the next one at once', () => {
    const breaker = create();
    breaker.fail(3);
    breaker.advance(1_000);
    breaker.note(breaker.enter(), 'none');
    expect(breaker.state().phase).toBe('half-open');
    expect(breaker.waitMs()).toBe(0);
  });

  test('a probe that is never heard of again does not lock it', () => {
    const breaker = create();
    breaker.fail(3);
    breaker.advance(1_000);
    const slow = breaker.enter();
    breaker.advance(PROBE_MS);
    expect(breaker.waitMs()).toBe(0);
    breaker.enter();
    breaker.note(slow, 'success');
    expect(breaker.state().phase).toBe('closed');
  });

  test('tries from before it opened neither close it nor keep it open for longer', () => {
    const breaker = create();
    const old = breaker.enter();
    breaker.fail(3);
    breaker.note(old, 'success');
    breaker.note(old, 'failure');
    expect(breaker.state().phase).toBe('open');
    expect(breaker.waitMs()).toBe(1_000);
    breaker.advance(1_000);
    const probe = breaker.enter();
    breaker.note(old, 'success');
    breaker.note(old, 'failure');
    expect(breaker.state().phase).toBe('half-open');
    breaker.note(probe, 'success');
    for (let time = 0; time < 9; time += 1) breaker.note(old, 'failure');
    expect(breaker.state().phase).toBe('closed');
  });
});

type Step = { do: 'wait'; ms: number } | { do: 'enter' } | { do: 'note'; at: number; verdict: Verdict };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(12_000) }),
  fc.record({ do: fc.constant('enter' as const) }),
  fc.record({
    do: fc.constant('note' as const),
    at: fc.nat(20),
    verdict: fc.constantFrom<Verdict>('success', 'failure', 'failure', 'none'),
  }),
);
const rules = fc.record({
  failures: fc.integer({ min: 1, max: 5 }),
  openMs: fc.integer({ min: 100, max: 5_000 }),
  maxOpenMs: fc.integer({ min: 5_000, max: 20_000 }),
});

test('whatever happens in whatever order: it opens and closes only as written, and never for ever', () => {
  fc.assert(
    fc.property(rules, fc.array(step, { maxLength: 120 }), (rules, steps) => {
      const breaker = create(rules);
      const passes: Pass[] = [];
      for (const step of steps) {
        const before = breaker.state();
        const waitMs = breaker.waitMs();
        if (step.do === 'wait') breaker.advance(step.ms);
        else if (step.do === 'enter') {
          if (waitMs > 0) continue;
          passes.push(breaker.enter());
          if (before.phase === 'closed') expect(breaker.state()).toBe(before);
          else {
            expect(breaker.state().phase).toBe('half-open');
            expect(breaker.waitMs()).toBe(PROBE_MS);
          }
        } else {
          const pass = passes[step.at % Math.max(1, passes.length)];
          if (pass === undefined) continue;
          breaker.note(pass, step.verdict);
          checkNote(before, breaker.state(), { ...step, pass });
        }
        // Rests from the rules: never longer than the longest, never shorter than the first.
        const now = breaker.state();
        if (now.phase === 'open' && before.phase !== 'open') {
          expect(breaker.waitMs()).toBeGreaterThanOrEqual(rules.openMs);
          expect(breaker.waitMs()).toBeLessThanOrEqual(rules.maxOpenMs);
          expect(now.epoch).toBe(before.epoch + 1);
        }
      }
      // Nothing but time is needed for the next try.
      breaker.advance(rules.maxOpenMs + PROBE_MS);
      expect(breaker.waitMs()).toBe(0);
      breaker.note(breaker.enter(), 'success');
      expect(breaker.state().phase).toBe('closed');
    }),
    { numRuns: 500 },
  );
});

function checkNote(before: Breaker, after: Breaker, said: { pass: Pass; verdict: Verdict }): void {
  if (said.pass !== before.epoch || before.phase === 'open') expect(after).toBe(before);
  else if (before.phase === 'half-open') {
    const next = { success: 'closed', failure: 'open', none: 'half-open' }[said.verdict];
    expect(after.phase).toBe(next);
  } else if (said.verdict !== 'failure') expect(after.phase).toBe('closed');
  else if (after.phase === 'closed') expect(after.failuresInRow).toBe(before.failuresInRow + 1);
}
