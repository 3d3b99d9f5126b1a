import type { lookup } from 'node:dns';
import { expect, test } from 'vitest';
import { createAddressFilter, filteredLookup } from './address-filter.ts';
import { ADDRESS_REFUSED } from './transport-fault.ts';

const isPublic = createAddressFilter(false);

test.each([
  '1.1.1.1',
  '8.8.8.8',
  '172.15.0.1',
  '172.32.0.1',
  '100.63.0.1',
  '2606:4700::1111',
  '2a00:1450:4001::1',
])('%s is public', (address) => {
  expect(isPublic(address)).toBe(true);
});

const PRIVATE =
  '0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 127.255.0.9 169.254.169.254 172.16.0.1 172.31.255.255 192.168.1.1 ' +
  '192.0.0.170 198.19.0.1 224.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::127.0.0.1 ' +
  '64:ff9b::a00:1 2002:7f00:1:: 2001::1 fc00::1 fd12:3456::1 fe80::1 fec0::1 ff02::1 2001:db8::1 ' +
  'localhost 127.1 0x7f.1';

test.each(['', ...PRIVATE.split(' ')])('%s is not', (address) => {
  expect(isPublic(address)).toBe(false);
});

test('the operator may allow blocks, or everything', () => {
  const some = createAddressFilter(['10.1.0.0/16', 'fd00:1::/32', '192.168.1.7']);
  expect(['10.1.255.1', 'fd00:1::5', '192.168.1.7', '8.8.8.8'].map(some)).toEqual([true, true, true, true]);
  expect(['10.2.0.1', 'fd00:2::5', '192.168.1.8', '127.0.0.1'].map(some)).toEqual([
    false,
    false,
    false,
    false,
  ]);
  expect(createAddressFilter(true)('127.0.0.1')).toBe(true);
});

/** A resolver that always gives these addresses. */
function resolver(addresses: string[]): typeof lookup {
  const fake = (_name: string, _options: unknown, callback: (...answer: unknown[]) => void) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  return fake as unknown as typeof lookup;
}

function resolve(addresses: string[], all: boolean): unknown[] {
  let answer: unknown[] = [];
  filteredLookup(isPublic, resolver(addresses))('name.example', { all }, (...values) => (answer = values));
  return answer;
}

test('a name is refused when any of its addresses is', () => {
  expect(resolve(['1.1.1.1', '8.8.8.8'], false)).toEqual([null, '1.1.1.1', 4]);
  expect(resolve(['1.1.1.1'], true)).toEqual([null, [{ address: '1.1.1.1', family: 4 }]]);
  for (const addresses of [['1.1.1.1', '10.0.0.1'], ['::1'], []]) {
    expect(resolve(addresses, true)[0]).toMatchObject({ code: ADDRESS_REFUSED });
  }
});
