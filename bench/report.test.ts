import { describe, expect, it } from 'vitest';
import { createLatencies } from './latency.ts';
import { median } from './measure.ts';
import { combineRounds, renderTable, type Row } from './report.ts';

describe('latencies', () => {
  it('are told by the share of requests that were faster', () => {
    const latencies = createLatencies();
    // From the longest to the shortest: the order of arrival is not theirs.
    for (let milliseconds = 1_000; milliseconds >= 1; milliseconds -= 1) latencies.add(milliseconds);
    expect(latencies.summary()).toEqual({ count: 1_000, p50Ms: 501, p99Ms: 991, maxMs: 1_000 });
  });

  it('of a run without replies are 0', () => {
    expect(createLatencies().summary()).toEqual({ count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 });
  });
});

it('takes the one in the middle, by size and not by text', () => {
  expect(median([9, 100, 10])).toBe(10);
  expect(median([])).toBe(0);
});

describe('rounds', () => {
  const round = (cpuMicrosEach: number, p99Ms: number, kibPerStream: number, failures = {}) => {
    return { perSecond: 1_000 / p99Ms, cpuMicrosEach, p99Ms, kibPerStream, failures };
  };

  it('give the middle of each figure, the least of CPU and p99, the most of memory, and all failures', () => {
    const rounds = [
      round(120, 5, 30, { 'status 503': 1 }),
      round(100, 2, 40),
      round(300, 4, 20, { 'status 503': 2, ECONNRESET: 1 }),
    ];
    expect(combineRounds(rounds)).toEqual({
      perSecond: 250,
      cpuMicrosEach: 120,
      p99Ms: 4,
      least: { cpuMicrosEach: 100, p99Ms: 2 },
      kibPerStream: 40,
      failures: { 'status 503': 3, ECONNRESET: 1 },
    });
  });

  it('say nothing of the least where there was one', () => {
    expect(combineRounds([round(120, 5, 30)])).not.toHaveProperty('least');
  });
});

describe('the table', () => {
  const row = (target: string, cpuMicrosEach: number | undefined, p99Ms: number): Row => ({
    scenario: 'load',
    target,
    figures: {
      perSecond: 1_000,
      ...(cpuMicrosEach === undefined ? {} : { cpuMicrosEach }),
      p99Ms,
      failures: {},
    },
  });

  it('compares each target with nginx and the relays, and its p99 with the direct way', () => {
    const table = renderTable([
      row('direct', undefined, 1),
      row('nginx', 20, 2),
      row('relay', 40, 2.5),
      row('gateway', 120, 3.25),
    ]);
    const lines = table.split('\n').map((line) => line.trim().split(/\s{2,}/));
    expect(lines).toEqual([
      ['target', 'per s', 'CPU µs', 'x nginx', 'x relay', 'p99 ms', 'added p99', 'failures'],
      ['load'],
      ['direct', '1000', '1.00', '0'],
      ['nginx', '1000', '20.0', '1.00', '0.50', '2.00', '1.00', '0'],
      ['relay', '1000', '40.0', '2.00', '1.00', '2.50', '1.50', '0'],
      ['gateway', '1000', '120.0', '6.00', '3.00', '3.25', '2.25', '0'],
    ]);
  });

  it('compares nothing of different scenarios', () => {
    const other = { ...row('gateway', 120, 3), scenario: 'other load' };
    expect(renderTable([row('direct', undefined, 1), row('nginx', 20, 2), other])).not.toMatch(
      /gateway.*6\.00/,
    );
  });

  it('tells failures', () => {
    const failed = { ...row('gateway', 120, 3), figures: { perSecond: 1, failures: { 'status 500': 3 } } };
    expect(renderTable([failed])).toContain('3 status 500');
  });
});
