import { expect, it } from 'vitest';
import { readLimitCount, readLimitUsd } from './limit-input.ts';

it.each<[string, number | null | undefined]>([
  ['', null],
  ['  ', null],
  ['1', 1],
  [' 250000 ', 250_000],
  ['1000000', 1_000_000],
  ['1000001', undefined],
  ['0', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['1e3', undefined],
])('reads %j as a number of requests', (text, count) => {
  expect(readLimitCount(text)).toBe(count);
});

it.each<[string, number | null | undefined]>([
  ['', null],
  ['5', 5_000_000],
  ['$0.50', 500_000],
  ['0', 0],
  ['0.00', 0],
  ['0.000001', 1],
  ['10000000', 10_000_000_000_000],
  ['10000000.01', undefined],
  ['-1', undefined],
  ['five', undefined],
])('reads %j as an amount', (text, micros) => {
  expect(readLimitUsd(text)).toBe(micros);
});
