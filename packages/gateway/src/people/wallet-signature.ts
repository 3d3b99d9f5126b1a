import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';

const SIGNATURE_SHAPE = /^0x[0-9a-fA-F]{130}$/;

/**
 * The address (small letters, `0x...`) of the wallet that signed a text as `personal_sign` does; undefined for what is no
 * signature. Only wallets with a key of their own: those that are contracts would need a node of the chain to be asked.
 * Source: EIP-191, version 0x45, and the yellow paper's ECDSARECOVER; eips.ethereum.org, read 2026-11.
 */
export function signedBy(message: string, signature: string): string | undefined {
  if (!SIGNATURE_SHAPE.test(signature)) return undefined;
  const bytes = Buffer.from(signature.slice(2), 'hex');
  const last = bytes[64] ?? 0;
  const recovery = last >= 27 ? last - 27 : last;
  if (recovery > 1) return undefined;
  try {
    const parsed = secp256k1.Signature.fromBytes(bytes.subarray(0, 64)).addRecoveryBit(recovery);
    // One message, one signature: the other half of the curve is refused.
    if (parsed.hasHighS()) return undefined;
    return addressOf(parsed.recoverPublicKey(personalHash(message)).toBytes(false));
  } catch {
    return undefined;
  }
}

function personalHash(message: string): Uint8Array {
  const text = Buffer.from(message);
  return keccak_256(Buffer.concat([Buffer.from(`\u0019Ethereum Signed Message:\n${text.length}`), text]));
}

/** Of an uncompressed public key: the last 20 bytes of its hash. */
function addressOf(publicKey: Uint8Array): string {
  return `0x${Buffer.from(keccak_256(publicKey.subarray(1)).subarray(12)).toString('hex')}`;
}

/** `0xf39F…2266`, as wallets shorten an address. */
export function shortWallet(address: string): string {
  return `${address.slice(0, 6)}…${address.slice(-4)}`;
}
