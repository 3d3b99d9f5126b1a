import { describe, expect, it } from 'vitest';
import { guardedLookup, isAllowedAddress, isAllowedHost, RefusedAddressError } from './address-guard.ts';

describe('isAllowedAddress', () => {
  it.each<[string, 'always' | 'lan' | 'never']>([
    ['127.0.0.1', 'always'],
    ['127.255.255.254', 'always'],
    ['::1', 'always'],
    ['::ffff:127.0.0.1', 'always'],
    ['10.1.2.3', 'lan'],
    ['172.16.0.1', 'lan'],
    ['172.31.255.255', 'lan'],
    ['192.168.1.5', 'lan'],
    ['100.100.1.1', 'lan'],
    ['fd00::1', 'lan'],
    ['fe80::1', 'lan'],
    ['::ffff:10.0.0.1', 'lan'],
    ['172.32.0.1', 'never'],
    ['169.254.169.254', 'never'],
    ['0.0.0.0', 'never'],
    ['::', 'never'],
    ['8.8.8.8', 'never'],
    ['::ffff:8.8.8.8', 'never'],
    ['2001:db8::1', 'never'],
    ['localhost', 'never'],
  ])('%s: %s', (address, when) => {
    expect(isAllowedAddress(address, false)).toBe(when === 'always');
    expect(isAllowedAddress(address, true)).toBe(when !== 'never');
  });
});

describe('isAllowedHost', () => {
  it.each([
    ['http://127.1:80', true],
    ['http://0x7f000001', true],
    ['http://[::1]:80', true],
    ['http://a-name', true],
    ['http://8.8.8.8', false],
    ['http://134744072', false],
  ])('%s: %s', (url, expected) => {
    expect(isAllowedHost(new URL(url).hostname, false)).toBe(expected);
  });
});

describe('guardedLookup', () => {
  const two = [
    { address: '8.8.8.8', family: 4 },
    { address: '127.0.0.1', family: 4 },
  ];

  it('gives only the allowed addresses, in both forms', () => {
    const lookup = guardedLookup(false, (_name, _options, callback) => callback(null, two));
    const seen: unknown[] = [];
    lookup('x', { all: true }, (error, addresses) => seen.push(error, addresses));
    lookup('x', {}, (error, address, family) => seen.push(error, address, family));
    expect(seen).toEqual([null, [two[1]], null, '127.0.0.1', 4]);
  });

  it('fails when none is allowed', () => {
    const lookup = guardedLookup(false, (_name, _options, callback) => callback(null, two.slice(0, 1)));
    lookup('x', { all: true }, (error) => expect(error).toBeInstanceOf(RefusedAddressError));
    expect.assertions(1);
  });

  it('hands the error of the resolver on', () => {
    const failure = Object.assign(new Error('x'), { code: 'ENOTFOUND' });
    const lookup = guardedLookup(true, (_name, _options, callback) => callback(failure, []));
    lookup('x', {}, (error) => expect(error).toBe(failure));
    expect.assertions(1);
  });
});
