import { expect, it } from 'vitest';
import { hexOfText, signInMessage } from './message.ts';

it('is the text of ERC-4361, with the site, the address in its own case, the chain and the nonce', () => {
  const text = signInMessage({
    siteUrl: 'https://ai.example.com:8443/',
    address: '0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed',
    chainId: 8453,
    nonce: 'abcdefgh12345678',
    issuedAtMs: Date.UTC(2026, 10, 21, 19),
  });
  expect(text).toBe(`ai.example.com:8443 wants you to sign in with your Ethereum account:
0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed

Sign in. This costs nothing and moves nothing.

URI: https://ai.example.com:8443
Version: 1
Chain ID: 8453
Nonce: abcdefgh12345678
Issued At: 2026-11-21T19:00:00.000Z`);
});

it('goes to the wallet as its bytes', () => {
  expect(hexOfText('Aé\n')).toBe('0x41c3a90a');
});
