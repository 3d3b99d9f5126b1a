import { expect, it } from 'vitest';
import { checksumAddress, keccak256 } from './checksum.ts';

// Source: the test cases of EIP-55, eips.ethereum.org, read 2026-11.
it.each([
  '0x52908400098527886E0F7030069857D2E4169EE7',
  '0x8617E340B3D01FA5F11F306F4090FD50E238070D',
  '0xde709f2102306220921060314715629080e2fb77',
  '0x27b1fdb04752bbc536007a920d24acb045561c26',
  '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
  '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
  '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
])('writes %s as EIP-55 does, from whatever case', (address) => {
  expect(checksumAddress(address.toLowerCase())).toBe(address);
  expect(checksumAddress(`0x${address.slice(2).toUpperCase()}`)).toBe(address);
});

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

// Well-known hashes: of nothing (the code hash of an empty account), and of "abc".
it('is Keccak-256, not SHA-3', () => {
  const of = (text: string) => hex(keccak256(new TextEncoder().encode(text)));
  expect(of('')).toBe('c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470');
  expect(of('abc')).toBe('4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45');
});

it('takes what fits into one block, and nothing else', () => {
  const seen = new Set(Array.from({ length: 136 }, (_, length) => hex(keccak256(new Uint8Array(length)))));
  expect(seen.size).toBe(136);
  expect(() => keccak256(new Uint8Array(136))).toThrow(RangeError);
});
