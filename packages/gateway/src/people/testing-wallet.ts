import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';

/** The first account of the well-known test phrase "test test ... junk". */
const KEY = Buffer.from('ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80', 'hex');
export const WALLET_ADDRESS = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';

/** Signs as a wallet does: EIP-191, version 0x45. For tests. */
export function personalSign(message: string): string {
  const text = Buffer.from(message);
  const prefix = Buffer.from(`\u0019Ethereum Signed Message:\n${text.length}`);
  const hash = keccak_256(Buffer.concat([prefix, text]));
  const [recovery = 0, ...rest] = secp256k1.sign(hash, KEY, { prehash: false, format: 'recovered' });
  return `0x${Buffer.from([...rest, recovery + 27]).toString('hex')}`;
}
