import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
} from 'node:crypto';
import { failed, ok, type Result } from '../core/result.ts';
import { canonicalJson } from './canonical-json.ts';

/** A public key that checks receipts (RFC 8037, 2017-01). `kid` is its thumbprint (RFC 7638, 2015-09). */
export type ReceiptJwk = {
  kty: 'OKP';
  crv: 'Ed25519';
  /** 32 bytes, base64url. */
  x: string;
  kid: string;
  use: 'sig';
  alg: 'EdDSA';
};
export type ReceiptJwkSet = { keys: ReceiptJwk[] };

/** `value`: 64 bytes in base64url, over the canonical JSON of the receipt without its field `signature`. */
export type ReceiptSignature = { alg: 'EdDSA'; kid: string; value: string };

export type ReceiptSigner = {
  jwks: ReceiptJwkSet;
  /** The receipt with its signature. The same receipt always gets the same one. */
  sign<Body extends object>(body: Body): Body & { signature: ReceiptSignature };
};

/** A new private key for receipts, as PKCS #8 in PEM. */
export function newReceiptKeyPem(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
}

/** Throws when the text is no Ed25519 private key in PEM. The error never quotes it. */
export function createReceiptSigner(privateKeyPem: string): ReceiptSigner {
  const key = readPrivateKey(privateKeyPem);
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  if (typeof x !== 'string') throw new TypeError('an Ed25519 key has a public part');
  const kid = thumbprint(x);
  return {
    jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', x, kid, use: 'sig', alg: 'EdDSA' }] },
    sign(body) {
      const text = canonicalJson(body);
      if (text === undefined) throw new TypeError('a receipt holds text and whole numbers only');
      const value = sign(null, Buffer.from(text), key).toString('base64url');
      return { ...body, signature: { alg: 'EdDSA', kid, value } };
    },
  };
}

function readPrivateKey(pem: string): ReturnType<typeof createPrivateKey> {
  let key: ReturnType<typeof createPrivateKey>;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new TypeError('the receipt key is not a private key in PEM');
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('the receipt key is not an Ed25519 key');
  return key;
}

/** The members in the order that RFC 7638 and RFC 8037 A.3 give. */
function thumbprint(x: string): string {
  return createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');
}

/**
 * Why a receipt is not proven. `unknown-key`: signed with a key that the set does not hold. `bad-signature`: changed
 * after it was signed, or signed by somebody else.
 */
export type ReceiptProblem =
  | 'not-a-receipt'
  | 'unsupported-version'
  | 'not-signed'
  | 'bad-key-set'
  | 'unknown-key'
  | 'bad-signature';

const VERSION = 1;
/** A key set of others may be anything. */
const KEYS_MAX = 100;

/** Checks a parsed receipt against a parsed JWK set. Never throws. White space and order of fields do not matter. */
export function verifyReceipt(receipt: unknown, jwks: unknown): Result<{ kid: string }, ReceiptProblem> {
  if (!isObject(receipt) || receipt['object'] !== 'receipt') return failed('not-a-receipt');
  if (receipt['v'] !== VERSION) return failed('unsupported-version');
  const { signature, ...body } = receipt;
  if (!isObject(signature)) return failed('not-signed');
  const { alg, kid, value } = signature;
  if (alg !== 'EdDSA' || typeof kid !== 'string' || typeof value !== 'string') return failed('not-signed');
  const keys = isObject(jwks) && Array.isArray(jwks['keys']) ? (jwks['keys'] as unknown[]) : undefined;
  if (keys === undefined || keys.length > KEYS_MAX) return failed('bad-key-set');
  const x = keys.map((entry) => publicPartOf(entry, kid)).find((part) => part !== undefined);
  if (x === undefined) return failed('unknown-key');
  const text = canonicalJson(body);
  const bytes = exactBase64url(value, 64);
  if (text === undefined || bytes === undefined) return failed('bad-signature');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(null, Buffer.from(text), key, bytes) ? ok({ kid }) : failed('bad-signature');
}

/** The public part of a key of this id. A key whose id is not its own thumbprint is none: ids must not be lent. */
function publicPartOf(entry: unknown, kid: string): string | undefined {
  if (!isObject(entry)) return undefined;
  const { kty, crv, x } = entry;
  if (kty !== 'OKP' || crv !== 'Ed25519' || typeof x !== 'string') return undefined;
  return exactBase64url(x, 32) !== undefined && thumbprint(x) === kid ? x : undefined;
}

/** Node's decoder passes over what it does not know, and over spare bits. A signature has one spelling only. */
function exactBase64url(text: string, length: number): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === length && bytes.toString('base64url') === text ? bytes : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
