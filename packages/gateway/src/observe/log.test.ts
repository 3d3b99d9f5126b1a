import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LOG_FIELDS, type LogFields } from '../core/log.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { batchLines, createLog } from './log.ts';

function logged(level: Parameters<typeof createLog>[0], use: (log: ReturnType<typeof createLog>) => void) {
  const lines: string[] = [];
  use(createLog(level, createVirtualClock(), { write: (line) => lines.push(line) }));
  return lines;
}

test('a line has level, time, fields and event, in this order', () => {
  const time = new Date(createVirtualClock().nowMs()).toISOString();
  expect(
    logged('info', (log) => log.warn('node_lost', { nodeId: 'node_1', count: 2, streamed: true })),
  ).toEqual([
    `{"level":40,"time":"${time}","nodeId":"node_1","count":2,"streamed":true,"event":"node_lost"}\n`,
  ]);
});

test('the time of each line is its own', () => {
  const clock = createVirtualClock();
  const lines: string[] = [];
  const log = createLog('info', clock, { write: (line) => lines.push(line) });
  log.info('first');
  clock.advance(1_500);
  log.info('second');
  const [first, second] = lines.map((line) => Date.parse((JSON.parse(line) as { time: string }).time));
  expect((second ?? 0) - (first ?? 0)).toBe(1_500);
});

test.each([
  ['debug', 4],
  ['info', 3],
  ['warn', 2],
  ['error', 1],
  ['silent', 0],
] as const)('the level %s lets %d of 4 through', (level, count) => {
  const lines = logged(level, (log) => {
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
  });
  expect(lines).toHaveLength(count);
});

test('a field that is not on the list is left out, whoever put it in', () => {
  const smuggled: object = { prompt: 'secret words', requestId: 'req_1' };
  const [line] = logged('info', (log) => log.info('x', smuggled));
  expect(line).toContain('"requestId":"req_1"');
  expect(line).not.toContain('secret');
});

test('long texts are cut, and undefined fields are left out', () => {
  const fields = { reason: 'x'.repeat(1_000), code: undefined } as unknown as LogFields;
  const [line = ''] = logged('info', (log) => log.info('x', fields));
  expect(JSON.parse(line)).toMatchObject({ reason: 'x'.repeat(400) });
  expect(line).not.toContain('code');
});

test('any values give one line of JSON that says the same', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }).filter((text) => text.length <= 400),
    fc.integer(),
    fc.boolean(),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...LOG_FIELDS), value), (fields) => {
      const [line = ''] = logged('info', (log) => log.info('event', fields));
      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(JSON.parse(line)).toEqual({
        ...JSON.parse(JSON.stringify(fields)),
        level: 30,
        time: expect.any(String) as string,
        event: 'event',
      });
    }),
  );
});

test('a number that is none is null', () => {
  const [line = ''] = logged('info', (log) => log.info('x', { count: Number.NaN }));
  expect(JSON.parse(line)).toMatchObject({ count: null });
});

test('a warning or an error does not wait for others', () => {
  const batches: string[] = [];
  const clock = createVirtualClock();
  const log = createLog('info', clock, batchLines({ write: (text) => batches.push(text) }, clock));
  log.info('first');
  expect(batches).toEqual([]);
  log.warn('second');
  expect(batches).toHaveLength(1);
  log.error('third');
  expect(batches).toHaveLength(2);
  expect(batches[0]).toContain('first');
});

test('lines leave together: after a while, when they are many, and when asked', () => {
  const clock = createVirtualClock();
  const batches: string[] = [];
  const batch = batchLines({ write: (text) => batches.push(text) }, clock);
  batch.write('a\n');
  batch.write('b\n');
  expect(batches).toEqual([]);
  clock.advance(1_000);
  expect(batches).toEqual(['a\nb\n']);
  const long = `${'x'.repeat(7_000)}\n`;
  batch.write(long);
  batch.write(long);
  expect(batches[1]).toBe(long + long);
  batch.write('c\n');
  batch.flush();
  clock.advance(1_000);
  expect(batches.slice(2)).toEqual(['c\n']);
});
