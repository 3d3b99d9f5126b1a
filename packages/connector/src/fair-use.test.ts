import { describe, expect, it } from 'vitest';
import type { FairUseRules } from './fair-use.ts';
import { createFairUse } from './fair-use.ts';
import { setUpAgent, settle, accepted, offerOf } from './testing/agent-setup.ts';
import { createVirtualTimers } from './testing/virtual-timers.ts';

const MIDNIGHT = new Date(2026, 10, 21).getTime();

/** Fair use on virtual time that begins at a time of day, with an engine whose other requests the test sets. */
function setUp(rules: Partial<FairUseRules>, fromHour = 12) {
  const timers = createVirtualTimers();
  const seen = { foreign: 0, countsRequests: true, failing: '' };
  const changes: unknown[] = [];
  const commands: string[] = [];
  const problems: string[] = [];
  const fairUse = createFairUse({
    rules: { yieldsToLocalUse: false, ...rules },
    hosts: [{ name: 'gpu', foreign: () => seen.foreign, countsRequests: () => seen.countsRequests }],
    timers,
    now: () => new Date(MIDNIGHT + fromHour * 3_600_000 + timers.nowMs()),
    async runCommand(command) {
      commands.push(command.join(' '));
      return seen.failing === '' ? undefined : seen.failing;
    },
    onChange: (reason) => changes.push(reason ?? 'serves'),
    onProblem: (message) => problems.push(message),
  });
  return { timers, seen, changes, commands, problems, fairUse };
}

const HOUR_MS = 3_600_000;

describe('hours', () => {
  const hours = { fromMinute: 22 * 60, untilMinute: 7 * 60 };

  it('begin and end by the clock', () => {
    const { timers, changes, fairUse } = setUp({ hours }, 12);
    fairUse.start();
    expect(fairUse.pausedBecause()).toBe('hours');
    timers.advance(10 * HOUR_MS);
    expect(fairUse.pausedBecause()).toBeUndefined();
    timers.advance(9 * HOUR_MS);
    expect(changes).toEqual(['hours', 'serves', 'hours']);
  });

  it('are the default: always', () => {
    const { timers, changes, fairUse } = setUp({}, 3);
    fairUse.start();
    timers.advance(24 * HOUR_MS);
    expect([fairUse.pausedBecause(), changes]).toEqual([undefined, []]);
  });
});

describe('local use', () => {
  it('pauses at the second look that sees it, until 20 s after the last', () => {
    const { timers, seen, changes, fairUse } = setUp({ yieldsToLocalUse: true });
    fairUse.start();
    seen.foreign = 1;
    timers.advance(10_000);
    expect(fairUse.pausedBecause()).toBeUndefined();
    timers.advance(10_000);
    expect(fairUse.pausedBecause()).toBe('local-use');
    seen.foreign = 0;
    timers.advance(10_000);
    expect(fairUse.pausedBecause()).toBe('local-use');
    timers.advance(10_000);
    expect(changes).toEqual(['local-use', 'serves']);
  });

  it('that is seen once is nobody', () => {
    const { timers, seen, changes, fairUse } = setUp({ yieldsToLocalUse: true });
    fairUse.start();
    for (let round = 0; round < 10; round += 1) {
      seen.foreign = round % 2;
      timers.advance(10_000);
    }
    expect(changes).toEqual([]);
  });

  it('is nobody’s business unless the owner wants it', () => {
    const { timers, seen, changes, fairUse } = setUp({});
    seen.foreign = 4;
    fairUse.start();
    timers.advance(60_000);
    expect(changes).toEqual([]);
  });

  it('of an engine that does not count is said to be unseen', () => {
    const { seen, problems, fairUse } = setUp({ yieldsToLocalUse: true });
    seen.countsRequests = false;
    fairUse.start();
    expect(problems).toEqual([expect.stringContaining('engine gpu cannot tell')]);
  });
});

describe('power', () => {
  const rules = { powerLimit: ['limit', '250'], powerRestore: ['restore'] } as const;
  const hours = { fromMinute: 13 * 60, untilMinute: 14 * 60 };

  it('is limited while the node serves, and only then', async () => {
    const { timers, commands, fairUse } = setUp({ ...rules, hours });
    fairUse.start();
    await settle();
    expect(commands).toEqual([]);
    timers.advance(HOUR_MS);
    await settle();
    expect(commands).toEqual(['limit 250']);
    timers.advance(HOUR_MS);
    await settle();
    expect(commands).toEqual(['limit 250', 'restore']);
    await fairUse.stop();
    expect(commands).toEqual(['limit 250', 'restore']);
  });

  it('is given back at the end, before the end', async () => {
    const { commands, fairUse } = setUp(rules);
    fairUse.start();
    await fairUse.stop();
    expect(commands).toEqual(['limit 250', 'restore']);
  });

  it('that cannot be limited is a line for the owner, and no reason not to serve', async () => {
    const { seen, problems, fairUse } = setUp({ powerLimit: ['limit'] });
    seen.failing = 'it ended with 4';
    fairUse.start();
    await fairUse.stop();
    expect(problems).toEqual(['power_limit_command: it ended with 4']);
  });
});

describe('an agent whose owner wants the machine', () => {
  it('offers no slots and takes no jobs; what runs goes on', async () => {
    const world = await setUpAgent();
    const running = accepted(world.agent);
    world.pause('hours');
    expect(world.agent.offer(offerOf())).toEqual({ reject: 'paused' });
    world.pause('local-use');
    expect(world.agent.offer(offerOf())).toEqual({ reject: 'local_use' });
    expect(world.agent.capabilities()).toMatchObject({
      slots: { text: 0 },
      models: [{ alias: 'm', slots: 0, loaded: true }],
    });
    running.abandon();
    world.pause(undefined);
    accepted(world.agent);
  });
});
