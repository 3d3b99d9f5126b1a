import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { expect, it } from 'vitest';
import { signedBy } from './wallet-signature.ts';

/** The first account of the well-known test phrase "test test ... junk". */
const KEY = Buffer.from('ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80', 'hex');
const ADDRESS = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';

function personalSign(message: string): string {
  const text = Buffer.from(message);
  const prefix = Buffer.from(`\u0019Ethereum Signed Message:\n${text.length}`);
  const hash = keccak_256(Buffer.concat([prefix, text]));
  const [recovery = 0, ...rest] = secp256k1.sign(hash, KEY, { prehash: false, format: 'recovered' });
  return `0x${Buffer.from([...rest, recovery + 27]).toString('hex')}`;
}

it('finds the address that signed, with letters of any kind', () => {
  for (const message of ['hello', '', 'größe 🙂', 'x'.repeat(1_000)]) {
    expect(signedBy(message, personalSign(message))).toBe(ADDRESS);
  }
});

it('gives another address or none for anything else', () => {
  const signature = personalSign('hello');
  expect(signedBy('hallo', signature)).not.toBe(ADDRESS);
  const flipped = signature.endsWith('1b') ? '1c' : '1b';
  expect(signedBy('hello', signature.slice(0, -2) + flipped)).not.toBe(ADDRESS);
  for (const broken of [
    '',
    '0x',
    signature.slice(2),
    `${signature}00`,
    `0x${'0'.repeat(130)}`,
    `0x${'f'.repeat(130)}`,
  ]) {
    expect(signedBy('hello', broken)).toBeUndefined();
  }
});
