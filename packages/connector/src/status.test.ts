import { describe, expect, it } from 'vitest';
import type { StatusEvent } from './status.ts';
import { createStatusWriter } from './status.ts';
import { createStatusReporter } from './status-reporter.ts';
import { createVirtualTimers } from './testing/virtual-timers.ts';

const COUNTS = { running: 1, done: 2, failed: 3, cancelled: 4, inputTokens: 5, outputTokens: 6 };

function linesOf(event: StatusEvent, json: boolean): string[] {
  const lines: string[] = [];
  const now = (): Date => new Date('2026-11-20T10:11:12.345Z');
  createStatusWriter({ json, writeLine: (line) => lines.push(line), now })(event);
  return lines;
}

describe('createStatusWriter', () => {
  it.each<[StatusEvent, string]>([
    [{ type: 'problem', message: 'm' }, 'error: m'],
    [{ type: 'warning', message: 'm' }, 'warning: m'],
    [{ type: 'found', kind: 'ollama', address: '127.0.0.1:11434' }, 'found ollama at 127.0.0.1:11434'],
    [{ type: 'engine-starting', engine: 'e', reason: 'It loads.' }, 'engine e is getting ready: It loads.'],
    [{ type: 'connecting', gateway: 'https://g', attempt: 1 }, 'connecting to https://g'],
    [{ type: 'connecting', gateway: 'https://g', attempt: 3 }, 'connecting to https://g (try 3)'],
    [
      {
        type: 'online',
        session: 's',
        models: [
          { alias: 'a', slots: 1 },
          { alias: 'b', slots: 4 },
        ],
      },
      'online with a (1 slot), b (4 slots)',
    ],
    [{ type: 'online', session: 's', models: [] }, 'online with no models yet'],
    [
      { type: 'waiting', retryInMs: 2_600, reason: 'It is gone.' },
      'offline: It is gone. Trying again in 3 s.',
    ],
    [{ type: 'stopped', reason: 'Revoked.' }, 'stopped: Revoked.'],
    [{ type: 'engine-up', engine: 'demo', models: ['a', 'b'] }, 'engine demo is ready: a, b'],
    [{ type: 'engine-up', engine: 'demo', models: [] }, 'engine demo is ready: no models'],
    [
      { type: 'engine-down', engine: 'e', reason: 'Gone.', fix: 'Start it.' },
      'engine e is down: Gone. Start it.',
    ],
    [
      { type: 'job-error', code: 'overloaded', reason: 'Full.', fix: 'Lower it.' },
      'a job failed (overloaded): Full. Lower it.',
    ],
    [{ type: 'jobs', counts: COUNTS }, 'jobs: 1 running, 2 done, 3 failed, 4 cancelled; tokens: 5 in, 6 out'],
    [{ type: 'draining', running: 0, graceMs: 30_000 }, 'stopping'],
    [
      { type: 'draining', running: 1, graceMs: 30_000 },
      'stopping after 1 running job, in 30 s at most; ask again to stop now',
    ],
    [{ type: 'ended' }, 'ended'],
  ])('%j', (event, text) => {
    expect(linesOf(event, false)).toEqual([`10:11:12 ${text}`]);
    const json = linesOf(event, true);
    expect(json.map((line) => JSON.parse(line) as unknown)).toEqual([
      { time: '2026-11-20T10:11:12.345Z', ...event },
    ]);
  });

  it('lets no name or reason draw on the terminal or flood it', () => {
    const [line = ''] = linesOf(
      { type: 'stopped', reason: `\u001B[2J\r\n\u202Ehi${'x'.repeat(5_000)}` },
      false,
    );
    expect(line).not.toMatch(/\p{C}/u);
    expect(line.length).toBeLessThan(1_100);
  });
});

describe('createStatusReporter', () => {
  it('does not repeat itself while the gateway stays away', () => {
    const timers = createVirtualTimers();
    const events: StatusEvent[] = [];
    const reporter = createStatusReporter({
      gateway: 'https://g',
      write: (event) => events.push(event),
      timers,
    });
    const fail = (attempt: number, reason: string): void => {
      reporter.linkState({ state: 'connecting', attempt }, []);
      reporter.linkState({ state: 'waiting', retryInMs: 1_000, reason }, []);
    };
    fail(1, 'a');
    fail(2, 'a');
    fail(3, 'b');
    timers.advance(29_000);
    fail(4, 'b');
    timers.advance(1_000);
    fail(5, 'b');
    const texts = events.map((event) => ('reason' in event ? event.reason : event.type));
    expect(texts).toEqual(['connecting', 'a', 'b', 'b']);
  });

  it('names a model that is not there together with what is', () => {
    const events: StatusEvent[] = [];
    const reporter = createStatusReporter({
      gateway: 'https://g',
      write: (event) => events.push(event),
      timers: createVirtualTimers(),
    });
    reporter.hostEvent({ type: 'model-missing', engine: 'e', localName: 'm', listed: ['a', 'b'] });
    reporter.leftOut([{ alias: 'x', why: 'same-alias' }]);
    reporter.leftOut([{ alias: 'x', why: 'same-alias' }]);
    expect(events).toEqual([
      { type: 'warning', message: 'engine e has no model m; it has: a, b' },
      { type: 'warning', message: expect.stringContaining('model x is offered by an earlier engine') },
    ]);
  });

  it('says what an engine’s owner should know once, and what to do when it is more than the code says', () => {
    const events: StatusEvent[] = [];
    const reporter = createStatusReporter({
      gateway: 'https://g',
      write: (event) => events.push(event),
      timers: createVirtualTimers(),
    });
    const fault = { code: 'engine_unreachable', message: 'Gone.' } as const;
    reporter.hostEvent({ type: 'engine-notice', engine: 'e', message: 'mind this' });
    reporter.hostEvent({ type: 'engine-notice', engine: 'e', message: 'mind this' });
    reporter.hostEvent({ type: 'engine-down', engine: 'e', fault: { ...fault, isStarting: true } });
    reporter.hostEvent({ type: 'engine-down', engine: 'e', fault: { ...fault, fix: 'Wait.' } });
    expect(events).toEqual([
      { type: 'warning', message: 'engine e: mind this' },
      { type: 'engine-starting', engine: 'e', reason: 'Gone.' },
      { type: 'engine-down', engine: 'e', reason: 'Gone.', fix: 'Wait.' },
    ]);
  });

  it('is not flooded by an engine that finds new words all the time', () => {
    let lines = 0;
    const reporter = createStatusReporter({
      gateway: 'https://g',
      write: () => (lines += 1),
      timers: createVirtualTimers(),
    });
    for (let count = 0; count < 1_000; count++) {
      reporter.hostEvent({ type: 'engine-notice', engine: 'e', message: `${count}` });
    }
    expect(lines).toBe(200);
  });
});
