import { expect, it } from 'vitest';
import { chosenAccount, readChainId, refusalOf } from './wallet-sign-in.ts';

const A = `0x${'a'.repeat(40)}`;
const B = `0x${'B'.repeat(40)}`;

it('takes the first account, or the one that is wanted, in whatever case', () => {
  expect(chosenAccount([A, B], [])).toBe(A);
  expect(chosenAccount([A, B], [B.toLowerCase().replace('0X', '0x')])).toBe(B);
  expect(chosenAccount([7, 'x', '0xabc', B], [])).toBe(B);
});

it.each([
  [[], [], 'wallet_no_account'],
  ['0x', [], 'wallet_no_account'],
  [undefined, [], 'wallet_no_account'],
  [[], [A], 'wallet_no_account'],
  [[B], [A], 'wallet_wrong_address'],
])('refuses %j where %j is wanted: %s', (accounts, only, code) => {
  expect(() => chosenAccount(accounts, only)).toThrowError(expect.objectContaining({ code }));
});

it('names the account that is wanted', () => {
  expect(() => chosenAccount([B], [A])).toThrow(A);
});

it.each([
  ['0x1', 1],
  ['0x2105', 8453],
  [10, 10],
  ['0x0', 1],
  ['no', 1],
  [null, 1],
  [-5, 1],
  [1.5, 1],
  ['0xfffffffffffffffffff', 1],
])('reads the chain %j as %d', (answer, chain) => {
  expect(readChainId(answer)).toBe(chain);
});

it.each([
  [{ code: 4001, message: '<script>' }, 'wallet_refused'],
  [{ code: 4100 }, 'wallet_wrong_address'],
  [{ code: -32_002 }, 'wallet_busy'],
  [{ code: -32_603 }, 'wallet_failed'],
  [new Error('boom'), 'wallet_failed'],
  ['boom', 'wallet_failed'],
  [null, 'wallet_failed'],
])('reads the error %j as %s', (error, code) => {
  expect(refusalOf(error)).toBe(code);
});
