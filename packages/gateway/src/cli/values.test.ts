import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCredits, formatUsd, micros } from '../core/money.ts';
import { CommandFailure, EXIT } from './failure.ts';
import { parseCount, parseDuration, parseMoney, readAmount, splitList, unlessNone } from './values.ts';

const usage = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error instanceof CommandFailure && error.exitCode === EXIT.usage && error.hint !== undefined
      ? 'usage'
      : error;
  }
};

describe('parseMoney', () => {
  it.each([
    ['500', 5_000_000],
    ['12.5', 125_000],
    ['0.0001', 1],
    ['-50', -500_000],
    ['500 credits', 5_000_000],
    ['1 credit', 10_000],
    ['3cr', 30_000],
    ['$5', 5_000_000],
    ['-$5', -5_000_000],
    ['$0.000001', 1],
    ['5usd', 5_000_000],
    ['2.50 USD', 2_500_000],
    ['0', 0],
  ])('reads %s', (text, expected) => {
    expect(parseMoney(text, '--x')).toBe(expected);
  });

  it.each([
    '',
    'five',
    '1,5',
    '1e3',
    '0.00001',
    '$0.0000001',
    '$',
    '$$5',
    '5 eur',
    '1.2.3',
    '--5',
    '$-5usd',
    'NaN',
    '9'.repeat(30),
  ])('refuses %j', (text) => {
    expect(usage(() => parseMoney(text, '--x'))).toBe('usage');
  });

  it('reads back what is shown', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e15, max: 1e15 }), (value) => {
        expect(parseMoney(formatCredits(micros(value)), '--x')).toBe(micros(value));
        expect(parseMoney(`${formatUsd(micros(value))}usd`, '--x')).toBe(micros(value));
      }),
    );
  });
});

describe('readAmount', () => {
  it('takes exactly one of both units', () => {
    expect(readAmount({ credits: '500' })).toBe(5_000_000);
    expect(readAmount({ usd: '5' })).toBe(5_000_000);
    expect(readAmount({ usd: '-0.5' })).toBe(-500_000);
    for (const usd of ['$5', '5usd', ' 5 USD ']) expect(readAmount({ usd })).toBe(5_000_000);
    for (const usd of ['-$5', '-5usd']) expect(readAmount({ usd })).toBe(-5_000_000);
    for (const usd of ['5 credits', '$$5', '$', 'usd'])
      expect(usage(() => readAmount({ usd }))).toBe('usage');
    expect(usage(() => readAmount({}))).toBe('usage');
    expect(usage(() => readAmount({ credits: '5', usd: '5' }))).toBe('usage');
    expect(usage(() => readAmount({ usd: '' }))).toBe('usage');
  });
});

describe('parseDuration', () => {
  it.each([
    ['45s', 45_000],
    ['90m', 5_400_000],
    ['12h', 43_200_000],
    ['30d', 2_592_000_000],
    ['2w', 1_209_600_000],
  ])('reads %s', (text, expected) => {
    expect(parseDuration(text, '--expires')).toBe(expected);
  });

  it.each(['', '30', 'd', '1.5d', '-1d', '30 days', '1y', '9999999999d'])('refuses %j', (text) => {
    expect(usage(() => parseDuration(text, '--expires'))).toBe('usage');
  });
});

describe('small readers', () => {
  it('read counts', () => {
    expect(parseCount('60', '--rpm')).toBe(60);
    for (const text of ['', '0', '-1', '1.5', '1e3', 'many', '9999999999']) {
      expect(usage(() => parseCount(text, '--rpm'))).toBe('usage');
    }
  });

  it('read lists in every way people write them', () => {
    expect(splitList(['a,b', ' c  d ', ',,', 'e'])).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('tell "not given" from "none"', () => {
    expect(unlessNone(undefined, '--rpm', parseCount)).toBeUndefined();
    expect(unlessNone(' None ', '--rpm', parseCount)).toBeNull();
    expect(unlessNone('7', '--rpm', parseCount)).toBe(7);
  });
});
