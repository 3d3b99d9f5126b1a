import { expect, test } from 'vitest';
import { createLiveStatus } from './live-status.ts';

const COUNTS = { running: 1, done: 12, failed: 0, cancelled: 0, inputTokens: 5_210, outputTokens: 3_120 };
const MODELS = [
  { alias: 'qwen3-8b', slots: 2, busy: 1, done: 12, outputTokensPerSecond: 61.25 },
  { alias: 'x', slots: 1, busy: 0, done: 0, outputTokensPerSecond: undefined },
];
const at = (time: string): Date => new Date(`2026-11-21T${time}Z`);

function setUp() {
  const live = createLiveStatus({ version: '0.1.0', gateway: 'https://g.example' });
  const lines = (columns = 120, models = MODELS) => live.lines({ models, counts: COUNTS }, columns);
  return { live, lines };
}

test('models, slots, jobs, speed, earnings and the last trouble stand in it', () => {
  const { live, lines } = setUp();
  live.note({ type: 'online', session: 's', models: [] }, at('12:31:00'));
  live.note({ type: 'earnings', payableMicros: 1_239_999, pendingMicros: 50_000 }, at('12:31:01'));
  const fault = { type: 'job-error', code: 'timeout', reason: 'Too slow.', fix: 'Lower slots.' } as const;
  live.note(fault, at('12:32:00'));
  expect(lines()).toEqual([
    '',
    'switchyard connector 0.1.0 at https://g.example: online since 12:31:00',
    '  qwen3-8b  1 of 2 slots busy, 12 done, 61.3 tokens/s',
    '  x         0 of 1 slots busy, 0 done, - tokens/s',
    '  jobs: 1 running, 12 done, 0 failed, 0 cancelled; tokens: 5210 in, 3120 out',
    '  earned: $1.23 payable, $0.05 pending',
    '  last trouble, 12:32:00: a job failed (timeout): Too slow. Lower slots.',
  ]);
});

test('it says that the node is away or paused, and since when', () => {
  const { live, lines } = setUp();
  expect(lines()[1]).toContain(': starting');
  live.note({ type: 'waiting', retryInMs: 1_000, reason: 'It is gone.' }, at('12:00:00'));
  expect(lines()[1]).toContain(': offline since 12:00:00');
  live.note({ type: 'online', session: 's', models: [] }, at('12:01:00'));
  live.note({ type: 'paused', why: 'hours' }, at('12:02:00'));
  expect(lines()[1]).toContain('online since 12:01:00, paused: it is outside of its hours');
  live.note({ type: 'resumed' }, at('12:03:00'));
  expect(lines()[1]).toMatch(/online since 12:01:00$/);
});

test('no line is wider than the terminal, and no name moves its cursor', () => {
  const { lines } = setUp();
  const evil = [
    { ...MODELS[1], alias: '\u001b[2J\nevil', slots: 1, busy: 0, done: 0, outputTokensPerSecond: 1 },
  ];
  for (const line of [...lines(20), ...lines(30, evil)]) {
    expect(line.length).toBeLessThan(30);
    expect(line).not.toMatch(/\p{C}/u);
  }
});

test('many models are counted, none are said to be none', () => {
  const { lines } = setUp();
  const many = Array.from(
    { length: 20 },
    (_, index) => ({ ...MODELS[0], alias: `m${index}` }) as (typeof MODELS)[0],
  );
  expect(lines(80, many)).toContain('  and 12 more');
  expect(lines(80, [])).toContain('  no models yet');
});
