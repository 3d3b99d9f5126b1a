import { expect, it } from 'vitest';
import { personalSign, WALLET_ADDRESS } from './testing-wallet.ts';
import { signedBy } from './wallet-signature.ts';

it('finds the address that signed, with letters of any kind', () => {
  for (const message of ['hello', '', 'größe 🙂', 'x'.repeat(1_000)]) {
    expect(signedBy(message, personalSign(message))).toBe(WALLET_ADDRESS);
  }
});

it('gives another address or none for anything else', () => {
  const signature = personalSign('hello');
  expect(signedBy('hallo', signature)).not.toBe(WALLET_ADDRESS);
  const flipped = signature.endsWith('1b') ? '1c' : '1b';
  expect(signedBy('hello', signature.slice(0, -2) + flipped)).not.toBe(WALLET_ADDRESS);
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
