import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';

/** The first account of the well-known test phrase "test test ... junk". */
const KEY = Buffer.from('ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80', 'hex');
export const WALLET_ADDRESS = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';

/** `address`: with the case of its letters as a checksum (EIP-55). */
export type TestWallet = { address: string; sign(message: string): string };

/** One of many wallets, always the same for a number above 0. For tests. */
export function testWallet(number: number): TestWallet {
  const key = Buffer.alloc(32);
  key.writeUInt32BE(number, 28);
  const hash = keccak_256(secp256k1.getPublicKey(key, false).subarray(1));
  const digits = Buffer.from(hash.subarray(12)).toString('hex');
  const check = Buffer.from(keccak_256(Buffer.from(digits))).toString('hex');
  const letters = Array.from(digits, (digit, at) =>
    (check[at] ?? '0') >= '8' ? digit.toUpperCase() : digit,
  );
  return { address: `0x${letters.join('')}`, sign: (message) => signWith(key, message) };
}

/** Signs as a wallet does: EIP-191, version 0x45. For tests. */
export function personalSign(message: string): string {
  return signWith(KEY, message);
}

function signWith(key: Uint8Array, message: string): string {
  const text = Buffer.from(message);
  const prefix = Buffer.from(`\u0019Ethereum Signed Message:\n${text.length}`);
  const hash = keccak_256(Buffer.concat([prefix, text]));
  const [recovery = 0, ...rest] = secp256k1.sign(hash, key, { prehash: false, format: 'recovered' });
  return `0x${Buffer.from([...rest, recovery + 27]).toString('hex')}`;
}
